"""Tests of logins in a real browser: deep link, logout, refusal, and a user who is cut off in the middle of work."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import httpx
from playwright.sync_api import Page, expect

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.user_menu import go_on_until_cut_off, log_out, open_home, wait_for_login
from testing.identity.login_provider import LoginProvider
from testing.waiting import retry

OpenBrowser = Callable[[str], Page]
DAG = "finance_pay"


def test_deep_link_comes_back_after_the_login(site: Site, open_browser: OpenBrowser) -> None:
    page = open_browser("ann")
    target = site.url + PATHS.dag.format(dag=DAG)
    page.goto(target)
    wait_for_login(page)
    expect(page).to_have_url(re.compile(re.escape(target)))
    expect(page.get_by_text(DAG).first).to_be_visible()
    page.reload()
    expect(page).to_have_url(re.compile(re.escape(target)))


def test_user_without_a_role_sees_why_without_a_loop(
    site: Site, open_browser: OpenBrowser, provider: LoginProvider
) -> None:
    page = open_browser("nora")
    logins = provider.count("/authorize")
    page.goto(site.url + PATHS.home)
    expect(page.get_by_role("heading", level=1)).to_have_text("You have no access to this Airflow")
    for text in ("nora", "airflow-admins", "groups"):
        expect(page.locator("main")).to_contain_text(text)
    assert provider.count("/authorize") == logins + 1


def test_logout_ends_both_sessions(site: Site, open_browser: OpenBrowser, provider: LoginProvider) -> None:
    page = open_browser("vera")
    open_home(page, site)  # the page from before the login has the menu, too
    logouts = provider.count("/logout")
    log_out(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out.")
    assert page.url.startswith(site.url + PATHS.ended)
    # Airflow 3's page may be told in between that its session has ended, and is then sent there once more.
    assert provider.count("/logout") in (logouts + 1, logouts + 2)
    assert page.context.request.get(site.api + "/dags").status == 401


def test_user_who_is_cut_off_gets_401_and_a_page_that_says_why(
    site: Site, open_browser: OpenBrowser, provider: LoginProvider
) -> None:
    page = open_browser("uma")
    target = site.url + PATHS.dag.format(dag=DAG)
    page.goto(target)
    wait_for_login(page)
    expect(page.get_by_text(DAG).first).to_be_visible()
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    back_channel = f"http://127.0.0.1:{site.port}/team/airflow{PATHS.back_channel}"
    assert provider.send_logout(back_channel, "uma").is_success
    retry(lambda: assert_refused(site.api + "/dags", cookies), AssertionError)
    script = site.url + PATHS.script.format(dag=DAG)
    retry(lambda: assert_refused(script, cookies), AssertionError)  # another worker may answer this one
    go_on_until_cut_off(page, target, "Your identity provider has ended your session.")
    provider.login_as = "uma"
    page.get_by_role("link", name="Log in again").click()
    expect(page).to_have_url(re.compile(re.escape(target)))
    expect(page.get_by_text(DAG).first).to_be_visible()


def assert_refused(url: str, cookies: Mapping[str, str]) -> None:
    """Assert that each worker of the web server refuses a script with 401, and does not send it to a login page."""
    for _ in range(6):
        answer = httpx.get(
            url,
            cookies=dict(cookies),
            headers={"Accept": "application/json"},
            verify=False,
            timeout=300,
        )
        assert (answer.status_code, "json" in answer.headers["content-type"]) == (401, True), answer.text
        assert "ended your session" in answer.text


def test_user_of_some_dags_sees_just_these(site: Site, open_browser: OpenBrowser) -> None:
    page = open_browser("dora")
    page.goto(site.url + PATHS.dags)
    expect(page.get_by_text(DAG).first).to_be_visible()
    expect(page.get_by_text("marketing_mail")).to_have_count(0)
