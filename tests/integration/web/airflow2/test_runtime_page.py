"""The Runtime page in the Admin menu, and the notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from testing.browser import dialogs
from testing.web.dismissal import is_refused_in_json
from testing.web.notice_looks import leads_to_http_alone, looks_as_grave_as_it_is
from testing.web.page_assertions import asks_again_each_hour, asks_only_while_it_is_seen
from testing.web.runtime_page import is_readable, says_everything, tells_and_forgets_notices
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Server

PATH = "/astro-runtime/page"


@pytest.mark.parametrize("user", ["ann", "oli"])
def test_admin_and_op_find_the_page_in_the_admin_menu(server: Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    heard = dialogs(page)
    page.goto(f"{server.url}/home")
    page.locator(".navbar").get_by_text("Admin", exact=True).hover()
    page.locator(".navbar").get_by_role("link", name="Runtime", exact=True).click()
    page.wait_for_url(f"{server.url}{PATH}")
    says_everything(page, server)
    assert heard == []


def test_others_get_403(server: Server, sign_in: SignIn, stranger: Page) -> None:
    page = sign_in(server, "vic")
    assert page.request.get(f"{server.url}{PATH}").status == 403
    page.goto(f"{server.url}/home")
    expect(page.locator(".navbar").get_by_role("link", name="Runtime", exact=True)).to_have_count(0)
    stranger.goto(f"{server.url}{PATH}")
    assert "/login/" in stranger.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_readable_in_either_theme(servers: Servers, sign_in: SignIn, theme: str) -> None:
    page = sign_in(servers("plain"), "oli")
    page.goto(f"{servers('plain').url}{PATH}")
    if theme == "dark":
        page.click("#themeToggleButton")
        page.reload()
    says_everything(page, servers("plain"))
    expect(page.locator("html")).to_have_attribute("data-color-scheme", theme)
    is_readable(page, theme)
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize("path", ["/home", "/dags/hello/grid", "/users/userinfo/"])
def test_a_notice_is_dismissed_for_the_user_who_dismissed_it(
    servers: Servers, sign_in: SignIn, path: str
) -> None:
    server = servers("prefix")
    user = {"/home": "oli", "/dags/hello/grid": "vic"}.get(path, "ann")
    others = {"oli": "vic", "vic": "ann", "ann": "una"}
    tells_and_forgets_notices(sign_in(server, user), sign_in(server, others[user]), f"{server.url}{path}")


def test_a_dismissal_asks_for_a_token_of_the_page_and_a_notice_that_is_shown(
    servers: Servers, sign_in: SignIn, stranger: Page
) -> None:
    server = servers("prefix")
    page = sign_in(server, "vic")
    url = f"{server.url}/astro-runtime/api/notices"
    page.goto(f"{server.url}/home")
    token = {"X-CSRFToken": page.locator("script[data-csrf-token]").get_attribute("data-csrf-token") or ""}
    assert page.request.post(url, data={"notice": "x"}).status == 400
    is_refused_in_json(page, server, token)
    assert stranger.request.get(url).status == 401
    assert stranger.request.get(f"{server.url}/astro-runtime/api/components").status == 401


@pytest.mark.parametrize("check", [asks_again_each_hour, asks_only_while_it_is_seen])
def test_an_open_page_keeps_up_with_the_notices(
    servers: Servers, sign_in: SignIn, check: Callable[[Page, str], None]
) -> None:
    server = servers("plain")
    check(sign_in(server, "vic"), f"{server.url}/home")


@pytest.mark.parametrize("check", [leads_to_http_alone, looks_as_grave_as_it_is])
def test_a_notice_is_drawn_as_what_it_is(
    servers: Servers, sign_in: SignIn, check: Callable[[Page, str], None]
) -> None:
    page = sign_in(servers("plain"), "vic")
    heard = dialogs(page)
    check(page, f"{servers('plain').url}/home")
    assert heard == []


def test_who_has_opted_out_sees_no_notice(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    answer = sign_in(server, "ann").request.get(f"{server.url}/astro-runtime/api/notices")
    assert (answer.status, answer.json()["notices"]) == (200, [])


def test_the_components_are_listed_for_whoever_is_logged_in(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    viewer = sign_in(server, "vic").request
    assert "Hostname" in viewer.get(f"{server.url}/job/list/").text(), "Airflow tells Viewers hosts, too"
    answer = viewer.get(f"{server.url}/astro-runtime/api/components")
    listed = {(one["component"], one["image_tag"], one["release"]) for one in answer.json()}
    assert ("webserver", server.image_tag, "13.0.0") in listed
