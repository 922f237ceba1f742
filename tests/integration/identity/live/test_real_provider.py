"""Tests of a browser's login and logout at a provider that is not ours: the npm package oidc-provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from testing.identity.live.paths import PATHS
from testing.identity.live.site import PREFIX, RULES, Site, identity_environment, run_site
from testing.identity.live.user_menu import log_out
from testing.identity.oidc_provider import OidcProvider, oidc_provider, web_client
from testing.servers import free_port

DAG = "finance_pay"


@pytest.fixture(scope="module")
def address() -> tuple[int, str]:
    """The port of nginx, and Airflow's URL."""
    port = free_port()
    return port, f"https://127.0.0.1:{port}{PREFIX}"


@pytest.fixture(scope="module")
def real_provider(address: tuple[int, str]) -> Iterator[OidcProvider]:
    _, url = address
    client = web_client([url + PATHS.callback], post_logout_redirect_uris=[url + PATHS.ended])
    with oidc_provider(client) as running:
        yield running


@pytest.fixture(scope="module")
def site(
    home: Path, database: dict[str, str], real_provider: OidcProvider, address: tuple[int, str]
) -> Iterator[Site]:
    """A web server behind nginx whose users, and a machine, log in at oidc-provider."""
    rules = {
        "AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES": RULES.replace(
            '"airflow-viewers"', '"airflow-viewers", "machines"'
        )
    }
    variables = identity_environment(real_provider.issuer, **rules, **database)
    with run_site(home, variables, workers=1, tls=address[0]) as running:
        yield running


def test_machine_has_the_role_of_its_token(site: Site, real_provider: OidcProvider) -> None:
    token = real_provider.machine_token()  # by client credentials
    assert site.get(f"{PATHS.api}/pools", token).status_code == 200
    assert site.get(f"{PATHS.api}/connections", token).status_code == 403


def test_user_logs_in_works_and_logs_out(
    site: Site, open_browser: Callable[[str], Page], real_provider: OidcProvider
) -> None:
    page = open_browser("")
    target = site.url + PATHS.dag.format(dag=DAG)
    page.goto(target)
    log_in(page, "vera")
    expect(page).to_have_url(re.compile(re.escape(target)))
    expect(page.get_by_text(DAG).first).to_be_visible()
    assert status_of(page, site, "pools") == 200
    assert status_of(page, site, "connections") == 403
    log_out(page)
    page.wait_for_url(f"{real_provider.issuer}/**")  # the page before has a button of the same name
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have logged out.")
    assert page.url == site.url + PATHS.ended
    assert status_of(page, site, "pools") == 401
    page.get_by_role("link", name="Log in again").click()
    log_in(page, "dora")  # the provider has forgotten vera
    expect(page.get_by_text(DAG).or_(page.get_by_text("Welcome")).first).to_be_visible()
    assert status_of(page, site, "pools") == 403


def log_in(page: Page, user: str) -> None:
    """Fill in the provider's form."""
    page.get_by_label("User").fill(user)
    page.get_by_role("button", name="Log in").click()


def status_of(page: Page, site: Site, name: str) -> int:
    """Return the status of a list of the REST API with the browser's cookies."""
    headers = {"Accept": "application/json"}
    return int(page.context.request.get(f"{site.api}/{name}", headers=headers, max_redirects=0).status)
