"""What a test can see of the footer, on either line."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from testing.browser import FOOTER, LINKS, REACHABLE, box
from testing.installed_line import AIRFLOW, RELEASE
from testing.web.web_server import Server


def shown(page: Page, server: Server) -> None:
    """Check that the footer is there, once, in the window, and says which image tag, release and Airflow run."""
    footer = page.locator(FOOTER)
    expect(footer).to_have_count(1)
    expect(footer).to_be_in_viewport(ratio=1)
    expect(footer).to_have_attribute("data-image-tag", server.image_tag)
    links = "<b>Wiki</b>" if "AIRFLOW__ASTRO_RUNTIME__LINKS" in server.environ else LINKS
    runs = f"Runtime {RELEASE} · image {server.image_tag} · Airflow {AIRFLOW}"
    assert footer.text_content() == f"{runs} {links}"
    for link in footer.locator("a").all():
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
        assert (link.get_attribute("href") or "").startswith("https://")


def uncovered(element: Locator) -> bool:
    """Tell whether the user sees the middle of an element, and all of the element stands above the footer."""
    seen: bool = element.evaluate(REACHABLE)
    return seen and box(element)[3] <= box(element.page.locator(FOOTER))[1]
