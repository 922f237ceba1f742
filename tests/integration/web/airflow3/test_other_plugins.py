"""The Runtime page beside a react app of another plugin."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from testing.web.runtime_page import says_everything
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers

OTHER = {
    "name": "Other",
    "bundle_url": "other.js",
    "destination": "base",
    "url_route": "other",
    "category": None,
    "icon": None,
    "icon_dark_mode": None,
}
# The name that bundles share is this one's for good, as it is for a moment for each that happens to set it last.
BUNDLE = """
const Other = () => globalThis.React.createElement("p", {}, "another plugin");
Object.defineProperty(globalThis, "AirflowPlugin", { get: () => Other, set: () => {} });
"""


def test_each_page_is_its_own_plugins(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab")
    page = sign_in(server, "ann")
    install_another(page)
    page.goto(f"{server.url}/")
    expect(page.get_by_text("another plugin")).to_have_count(1)
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="Runtime").click()
    says_everything(page, server)
    expect(page.get_by_text("another plugin")).to_have_count(1)


def install_another(page: Page) -> None:
    """Have the page's browser see another plugin, whose react app is drawn on each page."""

    def plugins(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["plugins"][0]["react_apps"].append(OTHER)
        route.fulfill(response=answer, json=told)

    page.route("**/api/v2/plugins*", plugins)
    page.route("**/other.js", lambda route: route.fulfill(content_type="text/javascript", body=BUNDLE))
