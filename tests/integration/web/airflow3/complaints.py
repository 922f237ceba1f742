"""What the footer's files complain about in the browser."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page

from testing.browser import dialogs


def complaints(page: Page) -> list[str]:
    """Return a list that fills with what the footer's files complain about, and with every dialog."""
    heard = dialogs(page)

    def console(message: ConsoleMessage) -> None:
        # Chromium itself reports an answer of 500; a test that makes one knows of it.
        by_us = "astro-runtime" in message.location.get("url", "") + message.text
        if by_us and "Failed to load resource: the server responded with a status of 500" not in message.text:
            heard.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: heard.append(str(error)) if "footer.js" in str(error.stack) else None)
    return heard
