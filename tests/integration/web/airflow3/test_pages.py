"""The footer on every kind of page, for whoever is logged in and for nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from testing.browser import FOOTER
from testing.web.airflow_home import USERS
from testing.web.footer_assertions import shown
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.complaints import complaints
from tests.integration.web.airflow3.server import Server

# A React page opens as the user goes to it; to each of the others the browser asks the server.
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


@pytest.mark.parametrize("user", USERS)
def test_every_page_says_what_runs(server: Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    heard = complaints(page)
    for path in (*LOADED_PAGES, *(FAB_PAGES if server.fab else ())):
        page.goto(server.url + path.format(run_id=server.run_id))
        shown(page, server)
    page.goto(f"{server.url}/")
    for path in REACT_PAGES:
        go(page, server.url + path)
        shown(page, server)
    assert heard == []


def test_the_footer_stays_as_the_user_clicks_through(server: Server, sign_in: SignIn) -> None:
    page = sign_in(server, "vic")
    page.goto(f"{server.url}/")
    shown(page, server)
    page.evaluate("window.sameDocument = true")
    page.click('[data-testid="nav-sidebar"] a[href$="/dags"]')
    page.get_by_role("link", name="many_00", exact=True).click()
    page.wait_for_url(f"{server.url}/dags/many_00")
    shown(page, server)
    assert page.evaluate("window.sameDocument")


def test_an_anonymous_visitor_learns_no_version(server: Server, stranger: Page) -> None:
    asked: list[str] = []
    stranger.on("request", lambda request: asked.append(request.url))
    stranger.goto(f"{server.url}/")
    stranger.wait_for_selector("input[name=username]")
    stranger.wait_for_load_state("networkidle")
    assert not [url for url in asked if "astro-runtime" in url]
    files = [server.get(f"/astro-runtime/static/{name}") for name in ("footer.js", "footer.css")]
    assert [status for status, _, _ in files] == [200, 200]
    for text in (stranger.content(), *(text for _, _, text in files)):
        assert not [fact for fact in ("3.3-1", "3.3.2", server.image_tag) if fact in text]


def test_a_page_inside_a_page_of_airflow_has_no_footer_of_its_own(server: Server, sign_in: SignIn) -> None:
    page = sign_in(server, "ann")
    page.goto(f"{server.url}/security/users")  # SimpleAuthManager has no such page, and no frame
    shown(page, server)
    if server.fab:
        page.frame_locator("iframe").get_by_text("ann@example.com").wait_for()
    page.wait_for_load_state("networkidle")
    assert [frame.locator(FOOTER).count() for frame in page.frames] == ([1, 0] if server.fab else [1])


def go(page: Page, url: str) -> None:
    """Go to another page of the React UI, which loads nothing anew."""
    expect(page.get_by_test_id("main-content")).to_be_visible()
    page.evaluate(
        "url => { history.pushState(null, '', url); dispatchEvent(new PopStateEvent('popstate')) }", url
    )
    page.wait_for_load_state("networkidle")
