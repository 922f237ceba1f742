"""The Runtime page together with a react app of another plugin."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from testing.web.runtime_page_assertions import assert_page_is_complete
from testing.web.sign_in import PAGE_TIMEOUT, SignIn
from tests.integration.web.airflow3.conftest import Servers

REACT_APP = {
    "name": "Another",
    "bundle_url": "another.js",
    "destination": "base",
    "url_route": "another",
    "category": None,
    "icon": None,
    "icon_dark_mode": None,
}
# It occupies the name that all bundles share for good, as each bundle does for a moment.
BUNDLE = """
const Another = () => globalThis.React.createElement("p", {}, "another plugin");
Object.defineProperty(globalThis, "AirflowPlugin", { get: () => Another, set: () => {} });
"""


def test_each_page_belongs_to_its_plugin(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab")
    page = sign_in(server, "ann")
    add_react_app(page)
    page.goto(f"{server.url}/")
    expect(page.get_by_text("another plugin")).to_have_count(1)
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="Runtime").click()
    assert_page_is_complete(page, server)
    expect(page.get_by_text("another plugin")).to_have_count(1)


def add_react_app(page: Page) -> None:
    """Make the page's browser see another plugin, whose react app is drawn on every page."""

    def answer_plugins(route: Route) -> None:
        response = route.fetch(timeout=PAGE_TIMEOUT)
        body = response.json()
        body["plugins"][0]["react_apps"].append(REACT_APP)
        route.fulfill(response=response, json=body)

    page.route("**/api/v2/plugins*", answer_plugins)
    page.route("**/another.js", lambda route: route.fulfill(content_type="text/javascript", body=BUNDLE))
