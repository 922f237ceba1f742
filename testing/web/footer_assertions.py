"""Assertions on the footer, on either line."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from testing.browser import FOOTER, LINKS, REACHABLE, box
from testing.installed_line import AIRFLOW, RELEASE
from testing.web.web_server import WebServer


def assert_footer(page: Page, server: WebServer) -> None:
    """Assert that there is one footer, visible, with image tag, release, Airflow version and links."""
    footer = page.locator(FOOTER)
    expect(footer).to_have_count(1)
    expect(footer).to_be_in_viewport(ratio=1)
    expect(footer).to_have_attribute("data-image-tag", server.image_tag)
    links = "<b>Wiki</b>" if "AIRFLOW__ASTRO_RUNTIME__LINKS" in server.environ else LINKS
    facts = f"Runtime {RELEASE} · image {server.image_tag} · Airflow {AIRFLOW}"
    assert footer.text_content() == f"{facts} {links}"
    for link in footer.locator("a").all():
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
        assert (link.get_attribute("href") or "").startswith("https://")


def is_uncovered(element: Locator) -> bool:
    """Whether the user sees the middle of an element, and all of the element lies above the footer."""
    visible: bool = element.evaluate(REACHABLE)
    return visible and box(element)[3] <= box(element.page.locator(FOOTER))[1]
