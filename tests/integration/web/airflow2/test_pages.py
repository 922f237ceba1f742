"""The footer is on every kind of page for logged-in users, and for nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from testing.browser import record_dialogs
from testing.web.airflow_home import USERS
from testing.web.footer_assertions import assert_footer
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Airflow2Server

PAGES = (
    "/home",
    "/dags/hello/grid",
    "/dags/hello/grid?tab=graph",
    "/dags/hello/grid?tab=code",
    "/datasets",
    "/cluster_activity",
    "/dag-dependencies",
    "/dagrun/list/",
    "/taskinstance/list/",
    "/users/userinfo/",
    "/redoc",
    "/api/v1/ui/",
)
ADMIN_PAGES = (
    "/configuration",
    "/plugin",
    "/provider",
    "/connection/list/",
    "/connection/add",
    "/variable/list/",
    "/users/list/",
    "/users/add",
    "/roles/list/",
    "/roles/show/1",
)
ERROR_PAGES = {"/no/such/page": 404, "/paused": 405, "/variable/edit/999": 500}


@pytest.mark.parametrize(("server", "user"), [("plain", "vic"), ("prefix", "ann")], indirect=["server"])
def test_every_page_has_the_footer(server: Airflow2Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    dialogs = record_dialogs(page)
    for path in (*PAGES, *(ADMIN_PAGES if user == "ann" else ())):
        response = page.goto(server.url + path)
        assert response
        assert (response.status, response.url) == (200, server.url + path)
        assert_only_footer(page, server)
    assert dialogs == []


@pytest.mark.parametrize(("path", "status"), ERROR_PAGES.items())
def test_error_page_has_the_footer(servers: Servers, sign_in: SignIn, path: str, status: int) -> None:
    server = servers("plain")
    for user in USERS:
        page = sign_in(server, user)
        response = page.goto(server.url + path)
        assert response
        assert response.status == status
        assert_only_footer(page, server)


def test_forbidden_page_redirects_to_a_page_with_the_footer(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    page = sign_in(server, "vic")
    page.goto(f"{server.url}/users/list/")
    expect(page).to_have_url(f"{server.url}/home")
    assert_only_footer(page, server)


@pytest.mark.parametrize("path", ["/login/", "/home", "/no/such/page", "/api/v1/ui/"])
def test_anonymous_visitor_sees_no_version(server: Airflow2Server, anonymous: Page, path: str) -> None:
    anonymous.goto(server.url + path)
    text = anonymous.content()
    expect(anonymous.locator("footer")).to_have_count(0)
    for fact in ("astro-runtime", "13.0.0", server.image_tag, "&lt;script&gt;alert"):
        assert fact not in text
    # Where visitors are Viewers, Airflow's docs menu contains Airflow's version.
    if "AIRFLOW__WEBSERVER__CONFIG_FILE" not in server.environ:
        assert "2.11.2" not in text


def test_anonymous_viewer_sees_no_version_of_the_runtime(servers: Servers, anonymous: Page) -> None:
    server = servers("prefix")
    anonymous.goto(f"{server.url}/home")
    expect(anonymous).to_have_url(f"{server.url}/home")
    expect(anonymous.get_by_role("link", name="many_59", exact=True)).to_be_attached()
    expect(anonymous.locator("footer")).to_have_count(0)
    assert "13.0.0" not in anonymous.content()


def test_stylesheets_contain_no_version(server: Airflow2Server, anonymous: Page) -> None:
    for name in ("footer.css", "footer-airflow2.css"):
        response = anonymous.request.get(f"{server.url}/astro-runtime/static/{name}")
        assert response.status == 200
        assert "no-cache" in response.headers["cache-control"]
        assert "13.0" not in response.text()
        assert "2.11" not in response.text()


def assert_only_footer(page: Page, server: Airflow2Server) -> None:
    """Assert that the page has the Runtime's footer, and not also Airflow's."""
    assert_footer(page, server)
    expect(page.locator("footer")).to_have_count(1)
