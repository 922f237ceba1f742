"""A web server with secrets in its settings, on either line: it exposes none of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from testing.auth_managers import FAB
from testing.browser import FOOTER
from testing.waiting import retry
from testing.web.airflow_home import PASSWORD
from testing.web.api_assertions import PATHS
from testing.web.runtime_page_assertions import WEB_COMPONENT, assert_page_is_complete
from testing.web.server_profiles import ALIVE
from testing.web.web_server import WebServer

SECRET = "hush"  # part of each
UNREACHABLE = "127.0.0.1:1"


def settings(database: str) -> dict[str, str]:
    """Return settings with secrets that also create the user ann; `database` is the URL of a migrated database."""
    url = make_url(database).set(password=f"{SECRET}-database").render_as_string(hide_password=False)
    return {
        **ALIVE,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CELERY__BROKER_URL": f"redis://operator:{SECRET}-broker@{UNREACHABLE}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{url}",
        "AIRFLOW__API__SECRET_KEY": f"{SECRET}-key",
        "AIRFLOW__WEBSERVER__SECRET_KEY": f"{SECRET}-key",
        "AIRFLOW__API_AUTH__JWT_SECRET": f"{SECRET}-token-that-is-long-enough-for-a-signature-of-64-bytes-in-all",
        "AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": f"http://operator:{SECRET}-user@{UNREACHABLE}/?key={SECRET}-query",
        "AIRFLOW__ASTRO_RUNTIME__NOTICE_THRESHOLD_DAYS": "3650",  # so that there is a notice
        "_AIRFLOW_DB_MIGRATE": "true",
        "_AIRFLOW_WWW_USER_CREATE": "true",
        "_AIRFLOW_WWW_USER_USERNAME": "ann",
        "_AIRFLOW_WWW_USER_PASSWORD": PASSWORD,
    }


def assert_no_secret_is_exposed(page: Page, server: WebServer, runtime_page: str) -> None:
    """Assert that no secret is in the API's responses, the Runtime page, a page with the footer or the log."""
    retry(lambda: _assert_server_is_recorded(page, server), AssertionError)
    outputs = {
        path: page.request.get(f"{server.url}{path}").text() for path in (*PATHS, "/astro-runtime/page")
    }
    page.goto(f"{server.url}{server.home}")
    expect(page.locator(FOOTER)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="maintenance")).to_be_visible()
    outputs["a page with the footer"] = page.content()
    page.goto(f"{server.url}{runtime_page}")
    assert_page_is_complete(page, server)
    outputs["the Runtime page"] = page.content()
    outputs["the log"] = server.log.read_text()
    secrets = (SECRET, PASSWORD, server.environ["AIRFLOW__CORE__FERNET_KEY"])
    exposed = [(output, secret) for output, text in outputs.items() for secret in secrets if secret in text]
    assert not exposed, exposed


def _assert_server_is_recorded(page: Page, server: WebServer) -> None:
    """Assert that the web server has recorded itself, which it does shortly after it first answers."""
    components = page.request.get(f"{server.url}/astro-runtime/api/components").json()
    assert [component["component"] for component in components] == [WEB_COMPONENT]
