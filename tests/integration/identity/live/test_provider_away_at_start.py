"""A web server that starts while the provider is away, all of its settings in airflow.cfg and files.

It starts with one warning, an admin token opens it, and users log in once the provider is there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from testing.identity.live.paths import PATHS
from testing.identity.live.site import RULES, Site, run_site
from testing.identity.login_provider import CLIENT_ID, CLIENT_SECRET, login_provider
from testing.servers import free_port
from testing.waiting import retry
from testing.web.sign_in import PAGE_TIMEOUT

CFG = """[astro_runtime]
oidc_issuer = http://127.0.0.1:{port}
oidc_client_id = {client_id}
oidc_client_secret_cmd = cat {home}/client-secret
oidc_roles = {home}/roles.json
admin_tokens = True
"""
WARNING = "nobody can log in for now"


@pytest.fixture(scope="module")
def port() -> int:
    """The provider's port, on which nothing listens at first."""
    return free_port()


@pytest.fixture(scope="module")
def lonely_site(
    home: Path, database: dict[str, str], port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("settings") / "home"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns(".*", "logs", "*.log", "*.pid", "airflow-*"))
    (folder / "airflow.cfg").write_text(CFG.format(port=port, home=folder, client_id=CLIENT_ID))
    (folder / "client-secret").write_text(CLIENT_SECRET + "\n")
    (folder / "roles.json").write_text(RULES)
    # The addresses are those of the base URL, also where Airflow is not told that it is behind a proxy.
    variables = {"AIRFLOW__WEBSERVER__ENABLE_PROXY_FIX": "False", **database}
    with run_site(folder, variables, workers=1) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PAGE_TIMEOUT)
    yield context.new_page()
    context.close()


def admin_token(site: Site) -> str:
    """Return a token that the command prints on the web server's machine."""
    program = str(Path(sys.executable).parent / "astro-runtime")
    words = [program, "admin-token", "--user", "fire-brigade"]
    done = subprocess.run(words, env=dict(site.environ), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_start_warns_once_and_serves(lonely_site: Site) -> None:
    answer = httpx.get(lonely_site.url + PATHS.health, verify=False, timeout=300)
    assert answer.status_code == 200
    log = lonely_site.log.read_text()
    assert log.count(WARNING) == 1
    assert CLIENT_SECRET not in log


def test_admin_token_opens_airflow_without_the_provider(lonely_site: Site, page: Page) -> None:
    page.goto(lonely_site.url + PATHS.home)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your identity provider does not answer")
    page.get_by_text("Log in with an admin token").click()
    token = admin_token(lonely_site)
    page.get_by_label("Token of").fill(token)
    page.get_by_role("button", name="Log in as Admin").click()
    expect(page).to_have_url(re.compile(re.escape(lonely_site.url)))
    page.goto(lonely_site.url + PATHS.dag.format(dag="finance_pay"))
    expect(page.get_by_text("finance_pay").first).to_be_visible()
    log = lonely_site.log.read_text()
    assert token not in log
    assert "admin token" in log


def assert_dag_is_shown(page: Page) -> None:
    """Assert that the page of the DAG is there soon; log in again, if the last try failed just now."""
    link = page.get_by_role("link", name="Log in again")
    if link.is_visible():
        link.click()
    expect(page.get_by_text("finance_pay").first).to_be_visible(timeout=5000)


def test_users_log_in_once_the_provider_is_there(lonely_site: Site, port: int, page: Page) -> None:
    with login_provider(port) as provider:
        provider.login_as = "vera"
        page.goto(lonely_site.url + PATHS.dag.format(dag="finance_pay"))
        retry(lambda: assert_dag_is_shown(page), AssertionError)
        token = provider.access_token("vera", aud=CLIENT_ID)
        assert lonely_site.get("/astro-runtime/api/runtime", token).status_code == 200
