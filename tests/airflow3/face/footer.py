"""What a test can see of the footer."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page, expect

from tests.airflow3.face.server import Server

FOOTER = "#astro-runtime-footer"
LINKS = "Documentation · Release notes · Provider registry · Issue tracker"


def shown(page: Page, server: Server) -> None:
    """Check that the footer is there, once, in the window, and says which image tag and release runs."""
    footer = page.locator(FOOTER)
    expect(footer).to_have_count(1)
    expect(footer).to_be_in_viewport(ratio=1)
    expect(footer).to_have_attribute("data-image-tag", server.image_tag)
    links = "<b>Wiki</b>" if "AIRFLOW__ASTRO_RUNTIME__LINKS" in server.environ else LINKS
    assert footer.text_content() == f"Runtime 3.3-1 · image {server.image_tag} · Airflow 3.3.2 {links}"
    for link in footer.locator("a").all():
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
        assert (link.get_attribute("href") or "").startswith("https://")


def complaints(page: Page) -> list[str]:
    """Return a list that fills with what the footer's files complain about, and with every dialog."""
    heard: list[str] = []

    def console(message: ConsoleMessage) -> None:
        # Chromium itself reports an answer of 500; a test that makes one knows of it.
        by_us = "astro-runtime" in message.location.get("url", "") + message.text
        if by_us and "Failed to load resource: the server responded with a status of 500" not in message.text:
            heard.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: heard.append(str(error)) if "footer.js" in str(error.stack) else None)
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    return heard
