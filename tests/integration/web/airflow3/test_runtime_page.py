"""The Runtime page in the Admin menu, and the notices."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from testing.browser import dialogs
from testing.web.dismissal import is_refused_in_json
from testing.web.notice_looks import leads_to_http_alone, looks_as_grave_as_it_is
from testing.web.page_assertions import asks_again_each_hour, asks_only_while_it_is_seen
from testing.web.runtime_page import PAGE, is_readable, says_everything, tells_and_forgets_notices
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.complaints import complaints
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Server

PATH = "/plugin/runtime"


@pytest.mark.parametrize("user", ["ann", "oli"])
def test_admin_and_op_find_the_page_in_the_admin_menu(server: Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    heard = complaints(page)
    page.goto(f"{server.url}/")
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="Runtime").click()
    page.wait_for_url(f"{server.url}{PATH}")
    says_everything(page, server)
    assert heard == []


def test_others_get_403(server: Server, sign_in: SignIn) -> None:
    assert server.get("/astro-runtime/page", server.token("vic"))[0] == 403
    assert server.get("/astro-runtime/page")[0] == 401
    page = sign_in(server, "vic")
    page.goto(f"{server.url}{PATH}")
    page.wait_for_load_state("networkidle")
    expect(page.locator(PAGE)).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_the_colours_of_the_theme(servers: Servers, sign_in: SignIn, theme: str) -> None:
    page = sign_in(servers("fab"), "oli")
    page.goto(servers("fab").url)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.goto(f"{servers('fab').url}{PATH}")
    says_everything(page, servers("fab"))
    colour = "element => getComputedStyle(element).color"
    assert page.locator(f"{PAGE} h2").evaluate(colour) == page.locator("body").evaluate(colour)
    is_readable(page, theme)
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize("kind", ["simple-prefix", "fab-prefix"])
def test_a_notice_is_dismissed_for_the_user_who_dismissed_it(
    servers: Servers, sign_in: SignIn, kind: str
) -> None:
    server = servers(kind)
    tells_and_forgets_notices(sign_in(server, "oli"), sign_in(server, "vic"), f"{server.url}/dags")


def test_a_notice_that_is_not_shown_cannot_be_dismissed(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab-prefix")
    page = sign_in(server, "vic")
    is_refused_in_json(page, server, {})


def test_notices_ask_for_a_login(servers: Servers, stranger: Page) -> None:
    server = servers("fab-prefix")
    assert server.get("/astro-runtime/api/notices")[0] == 401
    assert server.get("/astro-runtime/api/components")[0] == 401
    assert dismissal(stranger, server, "no such notice") == 401


@pytest.mark.parametrize("check", [asks_again_each_hour, asks_only_while_it_is_seen])
def test_an_open_page_keeps_up_with_the_notices(
    servers: Servers, sign_in: SignIn, check: Callable[[Page, str], None]
) -> None:
    server = servers("fab")
    check(sign_in(server, "vic"), f"{server.url}/dags")


@pytest.mark.parametrize("check", [leads_to_http_alone, looks_as_grave_as_it_is])
def test_a_notice_is_drawn_as_what_it_is(
    servers: Servers, sign_in: SignIn, check: Callable[[Page, str], None]
) -> None:
    page = sign_in(servers("fab"), "vic")
    heard = dialogs(page)
    check(page, f"{servers('fab').url}/dags")
    assert heard == []


def test_who_has_opted_out_sees_no_notice(servers: Servers) -> None:
    server = servers("fab")
    status, _, text = server.get("/astro-runtime/api/notices", server.token("ann"))
    assert (status, json.loads(text)["notices"]) == (200, [])


def test_the_components_are_listed_for_whoever_is_logged_in(servers: Servers) -> None:
    server = servers("fab")
    viewer = server.token("vic")
    hosts = server.get("/api/v2/dags/hello/dagRuns/~/taskInstances", viewer)[2]
    assert '"hostname":' in hosts, "Airflow tells Viewers hosts, too"
    _, _, text = server.get("/astro-runtime/api/components", viewer)
    listed = {(one["component"], one["image_tag"], one["release"]) for one in json.loads(text)}
    assert ("api-server", server.image_tag, "3.3-1") in listed


def dismissal(page: Page, server: Server, notice: str) -> int:
    """Return the status of the answer to a dismissal, as a script on the page would ask for it."""
    answer = page.request.post(f"{server.url}/astro-runtime/api/notices", data={"notice": notice})
    return int(answer.status)
