"""Tests of users who are cut off in the middle of their work, and of a provider that is away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.user_menu import go_on_until_cut_off
from testing.identity.login_provider import LoginProvider, down
from testing.waiting import retry

OpenBrowser = Callable[[str], Page]
DAG = "finance_pay"
ANSWERS = 6  # in a row, so that each worker of the web server has answered


@pytest.fixture
def _short_tokens(provider: LoginProvider) -> Iterator[None]:
    """Let logins end after seconds, with nothing to renew them."""
    before = provider.lifetime
    provider.lifetime, provider.with_refresh_tokens = 8, False
    yield
    provider.lifetime, provider.with_refresh_tokens = before, True


@pytest.mark.usefixtures("_short_tokens")
def test_session_that_expires_says_so_and_comes_back(site: Site, open_browser: OpenBrowser) -> None:
    page = open_browser("vera")
    target = site.url + PATHS.dag.format(dag=DAG)
    page.goto(target)
    expect(page.get_by_text(DAG).first).to_be_visible()
    wait_for_status(page, site.api + "/dags", 401)
    go_on_until_cut_off(page, target, "Your session has expired.")
    page.get_by_role("link", name="Log in again").click()
    expect(page).to_have_url(re.compile(re.escape(target)))


def test_role_that_is_taken_away_is_gone(
    site: Site, open_browser: OpenBrowser, provider: LoginProvider
) -> None:
    page = open_browser("otto")
    open_home(page, site)
    assert status_of(page, site.api + "/pools") == 200
    provider.users["otto"]["groups"] = []
    wait_for_status(page, site.api + "/pools", 401)
    heading = "Your identity provider no longer gives you a role here."
    go_on_until_cut_off(page, site.url + PATHS.home, heading)


def test_provider_that_is_away_locks_nobody_out(
    site: Site, open_browser: OpenBrowser, provider: LoginProvider
) -> None:
    page, visitor = open_browser("ann"), open_browser("ann")
    open_home(page, site)
    with provider.disturbed(down):
        page.goto(site.url + PATHS.dag.format(dag=DAG))
        expect(page.get_by_text(DAG).first).to_be_visible()
        assert status_of(page, site.api + "/dags") == 200
        answer = visitor.goto(f"{site.url}{PATHS.callback}?error=temporarily_unavailable&state=x")
        assert answer
        assert answer.status == 400
        expect(visitor.get_by_role("link", name="Log in again")).to_be_visible()


def open_home(page: Page, site: Site) -> None:
    """Log in, and wait for the page: Airflow 3's asks for the login only when it has been loaded."""
    page.goto(site.url + PATHS.home)
    expect(page.get_by_role("link", name=re.compile("^DAGs$", re.IGNORECASE)).first).to_be_visible()


def status_of(page: Page, url: str) -> int:
    """Return the status of a request with the browser's cookies."""
    answer = page.context.request.get(url, headers={"Accept": "application/json"}, max_redirects=0)
    return int(answer.status)


def wait_for_status(page: Page, url: str, status: int) -> None:
    """Wait until a script of the page gets a status from every worker of the web server."""

    def ask() -> None:
        assert {status_of(page, url) for _ in range(ANSWERS)} == {status}

    retry(ask, AssertionError)
