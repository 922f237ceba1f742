"""The footer on every kind of page, for whoever is logged in and for nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from testing.browser import dialogs
from testing.web import footer_assertions
from testing.web.airflow_home import USERS
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Server

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
ADMINS_PAGES = (
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
ERRORS = {"/no/such/page": 404, "/paused": 405, "/variable/edit/999": 500}


@pytest.mark.parametrize("user", USERS)
def test_every_page_says_what_runs(server: Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    heard = dialogs(page)
    for path in (*PAGES, *(ADMINS_PAGES if user == "ann" else ())):
        answer = page.goto(server.url + path)
        assert answer
        assert (answer.status, answer.url) == (200, server.url + path)
        shown(page, server)
    assert heard == []


@pytest.mark.parametrize(("path", "status"), ERRORS.items())
def test_a_page_about_an_error_says_what_runs(
    servers: Servers, sign_in: SignIn, path: str, status: int
) -> None:
    for user in USERS:
        page = sign_in(servers("plain"), user)
        answer = page.goto(servers("plain").url + path)
        assert answer
        assert answer.status == status
        shown(page, servers("plain"))


def test_a_page_that_may_not_be_seen_leads_to_one_that_says_what_runs(
    servers: Servers, sign_in: SignIn
) -> None:
    page = sign_in(servers("plain"), "vic")
    page.goto(f"{servers('plain').url}/users/list/")
    expect(page).to_have_url(f"{servers('plain').url}/home")
    shown(page, servers("plain"))


@pytest.mark.parametrize("path", ["/login/", "/home", "/no/such/page", "/api/v1/ui/"])
def test_an_anonymous_visitor_learns_no_version(server: Server, stranger: Page, path: str) -> None:
    stranger.goto(server.url + path)
    text = stranger.content()
    expect(stranger.locator("footer")).to_have_count(0)
    for told in ("astro-runtime", "13.0.0", server.image_tag, "&lt;script&gt;alert"):
        assert told not in text
    if (
        "AIRFLOW__WEBSERVER__CONFIG_FILE" not in server.environ
    ):  # else Airflow's docs menu says it to visitors
        assert "2.11.2" not in text


def test_a_visitor_who_may_look_around_without_a_login_learns_no_version(
    servers: Servers, stranger: Page
) -> None:
    server = servers("prefix")
    stranger.goto(f"{server.url}/home")
    expect(stranger).to_have_url(f"{server.url}/home")
    expect(stranger.get_by_role("link", name="many_59", exact=True)).to_be_attached()
    expect(stranger.locator("footer")).to_have_count(0)
    assert "13.0.0" not in stranger.content()


def test_the_files_of_the_footer_say_no_version(server: Server, stranger: Page) -> None:
    for name in ("footer.css", "footer-airflow2.css"):
        answer = stranger.request.get(f"{server.url}/astro-runtime/static/{name}")
        assert answer.status == 200
        assert "no-cache" in answer.headers["cache-control"]
        assert "13.0" not in answer.text()
        assert "2.11" not in answer.text()


def shown(page: Page, server: Server) -> None:
    """Check that the footer says what runs, and that Airflow's own does not stand beside it."""
    footer_assertions.shown(page, server)
    expect(page.locator("footer")).to_have_count(1)
