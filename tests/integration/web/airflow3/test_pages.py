"""The footer is on every kind of page for logged-in users, and for nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from testing.browser import FOOTER
from testing.web.footer_assertions import assert_footer
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.script_errors import record_script_errors
from tests.integration.web.airflow3.server import Airflow3Server

# The browser opens a React page without a request for a document; each of the others is loaded from the server.
REACT_PAGES = (
    "/dags",
    "/dags/hello",
    "/connections",
    "/variables",
    "/pools",
    "/providers",
    "/plugins",
    "/configs",
)
LOADED_PAGES = ("/", "/dags/hello/runs/{run_id}/tasks/greet", "/no/such/page")
FAB_PAGES = ("/auth/users/list/", "/auth/no/such/page")


@pytest.mark.parametrize(("server", "user"), [("simple", "vic"), ("fab-prefix", "ann")], indirect=["server"])
def test_every_page_has_the_footer(server: Airflow3Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    errors = record_script_errors(page)
    for path in (*LOADED_PAGES, *(FAB_PAGES if server.fab else ())):
        page.goto(server.url + path.format(run_id=server.run_id))
        assert_footer(page, server)
    page.goto(f"{server.url}/")
    for path in REACT_PAGES:
        navigate(page, server.url + path)
        assert_footer(page, server)
    assert errors == []


def test_footer_stays_while_the_user_navigates(server: Airflow3Server, sign_in: SignIn) -> None:
    page = sign_in(server, "vic")
    page.goto(f"{server.url}/")
    assert_footer(page, server)
    page.evaluate("window.sameDocument = true")
    page.click('[data-testid="nav-sidebar"] a[href$="/dags"]')
    page.get_by_role("link", name="many_00", exact=True).click()
    page.wait_for_url(f"{server.url}/dags/many_00")
    assert_footer(page, server)
    assert page.evaluate("window.sameDocument")


def test_anonymous_visitor_sees_no_version(server: Airflow3Server, anonymous: Page) -> None:
    urls: list[str] = []
    anonymous.on("request", lambda request: urls.append(request.url))
    anonymous.goto(f"{server.url}/")
    anonymous.wait_for_selector("input[name=username]")
    anonymous.wait_for_load_state("networkidle")
    assert not [url for url in urls if "astro-runtime" in url]
    files = [server.get(f"/astro-runtime/static/{name}") for name in ("footer.js", "footer.css")]
    assert [status for status, _, _ in files] == [200, 200]
    for text in (anonymous.content(), *(text for _, _, text in files)):
        assert not [fact for fact in ("3.3-1", "3.3.2", server.image_tag) if fact in text]


def test_embedded_page_has_no_footer(server: Airflow3Server, sign_in: SignIn) -> None:
    page = sign_in(server, "ann")
    page.goto(f"{server.url}/security/users")  # SimpleAuthManager has no such page, and no frame
    assert_footer(page, server)
    if server.fab:
        page.frame_locator("iframe").get_by_text("ann@example.com").wait_for()
    page.wait_for_load_state("networkidle")
    assert [frame.locator(FOOTER).count() for frame in page.frames] == ([1, 0] if server.fab else [1])


def navigate(page: Page, url: str) -> None:
    """Go to another page of the React UI without loading a document."""
    expect(page.get_by_test_id("main-content")).to_be_visible()
    page.evaluate(
        "url => { history.pushState(null, '', url); dispatchEvent(new PopStateEvent('popstate')) }", url
    )
    page.wait_for_load_state("networkidle")
