"""Errors of the Runtime's scripts in the browser."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page

from testing.browser import record_dialogs


def record_script_errors(page: Page) -> list[str]:
    """Return a list that fills with the errors of the Runtime's scripts, and with every dialog."""
    errors = record_dialogs(page)

    def record_console(message: ConsoleMessage) -> None:
        # Chromium itself reports a response of 500, which a test causes on purpose.
        is_ours = "astro-runtime" in message.location.get("url", "") + message.text
        status_500 = "Failed to load resource: the server responded with a status of 500"
        if is_ours and status_500 not in message.text:
            errors.append(message.text)

    page.on("console", record_console)
    page.on("pageerror", lambda error: errors.append(str(error)) if "footer.js" in str(error.stack) else None)
    return errors
