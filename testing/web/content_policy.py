"""A proxy in front of the UI that adds a strict Content-Security-Policy, on either line."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Route, expect

from testing.browser import FOOTER
from testing.web.api_assertions import NOTICES
from testing.web.notice_assertions import NOTICE
from testing.web.runtime_page_assertions import PAGE, assert_page_is_complete
from testing.web.sign_in import PAGE_TIMEOUT
from testing.web.web_server import WebServer

POLICY = "default-src 'self'"
RECORD_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(
  [event.sourceFile, event.blockedURI, event.effectiveDirective, event.sample].join(" ")));
"""


def assert_needs_no_inline_style_or_script(page: Page, server: WebServer, home: str, runtime: str) -> None:
    """Assert that footer, notices and page work under the policy; `home` and `runtime` are paths of the UI."""
    enforce_policy(page)
    assert_face_works(page, server, f"{server.url}{home}")
    assert_page_works(page, server, f"{server.url}{runtime}")
    assert_policy_is_in_force(page)


def enforce_policy(page: Page) -> None:
    """Add the policy to every document that the page loads, as a proxy does."""

    def add_header(route: Route) -> None:
        if route.request.resource_type != "document":
            route.continue_()
            return
        response = route.fetch(max_redirects=0, timeout=PAGE_TIMEOUT)
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": POLICY})

    page.route("**/*", add_header)
    page.add_init_script(RECORD_VIOLATIONS)


def assert_policy_is_in_force(page: Page) -> None:
    """Assert that the browser refuses an inline style."""
    width = (
        "() => { const e = document.createElement('p'); e.innerHTML = '<b style=\"color: red\">'; return e }"
    )
    page.evaluate(f"document.body.append(({width})())")
    page.wait_for_function("violations.some((text) => text.includes('style-src-attr'))")


def assert_face_works(page: Page, server: WebServer, url: str) -> None:
    """Assert that the footer and a notice are drawn in their style, and that the notice can be dismissed."""
    page.goto(url)
    footer = page.locator(FOOTER)
    expect(footer).to_contain_text(server.image_tag)
    assert style(footer, "position") == "sticky"
    notice = page.locator(NOTICE).filter(has_text="maintenance")
    assert style(notice, "display") == "flex"
    # The server does not learn of it: other tests dismiss the notice, too.
    page.route(f"**{NOTICES}", lambda route: route.fulfill(status=204))
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)
    assert_no_violation_is_ours(page)


def assert_page_works(page: Page, server: WebServer, url: str) -> None:
    """Assert that the Runtime page is complete and in its style."""
    page.goto(url)
    assert_page_is_complete(page, server)
    bar = page.locator(f"{PAGE} progress")
    assert (style(bar, "height"), style(bar, "appearance")) == ("8px", "none")
    assert style(page.locator(f"{PAGE} .astro-runtime-table").first, "overflow-x") == "auto"
    assert page.locator(f"{PAGE} [style], {PAGE} style, {PAGE} script").count() == 0
    assert_no_violation_is_ours(page)


def assert_no_violation_is_ours(page: Page) -> None:
    violations: list[str] = page.evaluate("violations")
    assert [text for text in violations if "/astro-runtime/static" in text] == []


def style(element: Locator, name: str) -> str:
    """Return a property of the element's style, as it is drawn."""
    value: str = element.evaluate("(element, name) => getComputedStyle(element).getPropertyValue(name)", name)
    return value
