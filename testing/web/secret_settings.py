"""What a web server with secrets in its settings answers, on either line: none of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from testing.browser import FOOTER
from testing.servers import until
from testing.web.airflow_home import PASSWORD
from testing.web.api_assertions import PATHS
from testing.web.runtime_page import WEB, says_everything
from testing.web.web_server import Server

SECRET = "hush"  # part of each
NOWHERE = "127.0.0.1:1"


def settings(database: str) -> dict[str, str]:
    """Return settings with secrets, where the start makes the user ann; `database` is the URL of a migrated one."""
    url = make_url(database).set(password=f"{SECRET}-database").render_as_string(hide_password=False)
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://operator:{SECRET}-broker@{NOWHERE}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{url}",
        "AIRFLOW__API__SECRET_KEY": f"{SECRET}-key",
        "AIRFLOW__WEBSERVER__SECRET_KEY": f"{SECRET}-key",
        "AIRFLOW__API_AUTH__JWT_SECRET": f"{SECRET}-token-that-is-long-enough-for-a-signature-of-64-bytes-in-all",
        "AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": f"http://operator:{SECRET}-user@{NOWHERE}/?key={SECRET}-query",
        "AIRFLOW__ASTRO_RUNTIME__NOTICE_THRESHOLD_DAYS": "3650",  # so that there is a notice
        "_AIRFLOW_DB_MIGRATE": "true",
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "_AIRFLOW_WWW_USER_USERNAME": "ann",
        "_AIRFLOW_WWW_USER_PASSWORD": PASSWORD,
    }


def are_not_told(page: Page, server: Server, runtime_page: str) -> None:
    """Check the answers of the API, the Runtime page, a page with the footer and the log."""
    until(lambda: _tells_of_itself(page, server), AssertionError)
    told = {path: page.request.get(f"{server.url}{path}").text() for path in (*PATHS, "/astro-runtime/page")}
    page.goto(f"{server.url}{server.home}")
    expect(page.locator(FOOTER)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="maintenance")).to_be_visible()
    told["a page with the footer"] = page.content()
    page.goto(f"{server.url}{runtime_page}")
    says_everything(page, server)
    told["the Runtime page"] = page.content()
    told["the log"] = server.log.read_text()
    secrets = (SECRET, PASSWORD, server.environ["AIRFLOW__CORE__FERNET_KEY"])
    found = [(where, secret) for where, text in told.items() for secret in secrets if secret in text]
    assert not found, found


def _tells_of_itself(page: Page, server: Server) -> None:
    """Check that the web server has recorded itself, which it does a moment after it answers."""
    listed = page.request.get(f"{server.url}/astro-runtime/api/components").json()
    assert [one["component"] for one in listed] == [WEB]
