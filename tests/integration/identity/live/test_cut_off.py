"""Tests of users who are cut off in the middle of their work, and of a provider that is away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from astro_runtime_plugin.identity.sessions.tables import SESSIONS
from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.user_menu import go_on_until_cut_off, open_home, wait_for_login
from testing.identity.login_provider import LoginProvider, down
from testing.waiting import retry

OpenBrowser = Callable[[str], Page]
DAG = "finance_pay"
ANSWERS = 6  # in a row, so that each worker of the web server has answered


@pytest.fixture
def _no_renewals(provider: LoginProvider) -> Iterator[None]:
    """Let logins end with their tokens."""
    provider.with_refresh_tokens = False
    yield
    provider.with_refresh_tokens = True


def expire_sessions(database: dict[str, str]) -> None:
    """Let the tokens of all logins end now: a slow page would need more than the few seconds of short ones."""
    engine = create_engine(database["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(SESSIONS.update().values(expires_at=time.time(), version=SESSIONS.c.version + 1))


@pytest.mark.usefixtures("_no_renewals")
def test_session_that_expires_says_so_and_comes_back(
    site: Site, open_browser: OpenBrowser, database: dict[str, str]
) -> None:
    page = open_browser("vera")
    target = site.url + PATHS.dag.format(dag=DAG)
    page.goto(target)
    wait_for_login(page)
    expect(page.get_by_text(DAG).first).to_be_visible()
    expire_sessions(database)
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


def status_of(page: Page, url: str) -> int:
    """Return the status of a request with the browser's cookies."""
    answer = page.context.request.get(url, headers={"Accept": "application/json"}, max_redirects=0)
    return int(answer.status)


def wait_for_status(page: Page, url: str, status: int) -> None:
    """Wait until a script of the page gets a status from every worker of the web server."""

    def ask() -> None:
        assert {status_of(page, url) for _ in range(ANSWERS)} == {status}

    retry(ask, AssertionError)
