"""Tests of what programs and administrators do: the exchange of tokens, and the break-glass login."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from testing.cli_process import run_astro_runtime
from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.login_provider import LoginProvider, down
from testing.waiting import retry


def exchange(site: Site, token: str) -> httpx.Response:
    return httpx.post(
        site.url + PATHS.exchange, headers={"Authorization": f"Bearer {token}"}, verify=False, timeout=300
    )


def test_exchanged_token_opens_what_the_user_may_see(site: Site, provider: LoginProvider) -> None:
    answer = exchange(site, provider.access_token("dora"))
    assert answer.status_code == 201, answer.text
    token = answer.json()["access_token"]
    dags = site.get(f"{PATHS.api}/dags", token).json()["dags"]
    assert {dag["dag_id"] for dag in dags} == {"finance_pay", "finance_report"}
    assert site.get(f"{PATHS.api}/dags/marketing_mail", token).status_code == 403
    assert site.get(f"{PATHS.api}/connections", token).status_code == 403


def test_exchange_says_why_it_refuses(site: Site, provider: LoginProvider) -> None:
    expired = exchange(site, provider.access_token("ann", exp=1))
    assert (expired.status_code, "expired" in expired.text) == (401, True)
    nobody = exchange(site, provider.access_token("nora"))
    assert (nobody.status_code, "nora" in nobody.text) == (403, True)
    assert exchange(site, provider.id_token("ann")).status_code == 401


def test_audit_log_has_each_user_without_a_token(site: Site, provider: LoginProvider) -> None:
    token, path = provider.access_token("ann"), f"{PATHS.api}/eventLogs"
    assert site.get(path, token).status_code == 200
    assert site.get(path, provider.access_token("nora")).status_code == 403

    def read() -> None:
        for user, event in (("ann", "identity_login"), ("nora", "identity_refusal")):
            rows = site.get(f"{path}?event={event}&owner={user}", token).json()["event_logs"]
            assert {(row["event"], row["owner"]) for row in rows} == {(event, user)}
            assert "eyJ" not in str(rows)

    retry(read, AssertionError)


def use_admin_token(page: Page, site: Site, token: str) -> None:
    page.goto(site.url + PATHS.ended)
    page.get_by_text("Log in with an admin token").click()
    page.get_by_label("Token of").fill(token)
    page.get_by_role("button", name="Log in as Admin").click()


def test_admin_token_lets_in_while_the_provider_is_away(
    site: Site, open_browser: Callable[[str], Page], provider: LoginProvider
) -> None:
    home = Path(site.environ["AIRFLOW_HOME"])
    done = run_astro_runtime(home, "admin-token", "--user", "breakglass", **site.environ)
    assert done.returncode == 0, done.stderr
    page, other = open_browser("nora"), open_browser("nora")
    with provider.disturbed(down):
        use_admin_token(page, site, done.stdout.strip())
        expect(page).to_have_url(site.url + PATHS.home)  # before the other one uses the token
        use_admin_token(other, site, done.stdout.strip())
        assert page.context.request.get(f"{site.api}/connections").status == 200
        expect(other.get_by_role("heading", level=1)).to_have_text("The admin token was not accepted")
        assert other.context.request.get(f"{site.api}/connections").status == 401
