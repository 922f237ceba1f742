"""The Runtime page in the Admin menu."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from testing.web.notice_assertions import open_with_notices
from testing.web.runtime_page_assertions import (
    PAGE,
    assert_only_tables_scroll_sideways,
    assert_page_is_complete,
    assert_parallelism_is_the_limit_in_force,
    assert_texts_are_readable,
)
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.script_errors import record_script_errors
from tests.integration.web.airflow3.server import Airflow3Server

PATH = "/plugin/runtime"


@pytest.mark.parametrize(("server", "user"), [("simple", "ann"), ("fab-prefix", "oli")], indirect=["server"])
def test_admin_and_op_open_the_page_from_the_admin_menu(
    server: Airflow3Server, sign_in: SignIn, user: str
) -> None:
    page = sign_in(server, user)
    errors = record_script_errors(page)
    open_with_notices(page, server, "/")
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Admin").click()
    page.get_by_role("menuitem", name="Runtime").click()
    page.wait_for_url(f"{server.url}{PATH}")
    assert_page_is_complete(page, server)
    assert errors == []


def test_page_is_forbidden_to_other_users(server: Airflow3Server, sign_in: SignIn) -> None:
    assert server.get("/astro-runtime/page", server.token("vic"))[0] == 403
    assert server.get("/astro-runtime/page")[0] == 401
    page = sign_in(server, "vic")
    page.goto(f"{server.url}{PATH}")
    # With FAB a Viewer may not list the plugins either, so that Airflow does not know the page.
    refusal = "Page Not Found." if server.fab else "You may not view this page."
    expect(page.get_by_text(refusal)).to_be_visible()
    expect(page.locator(PAGE)).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_has_the_colours_of_the_theme(servers: Servers, sign_in: SignIn, theme: str) -> None:
    server = servers("fab")
    page = sign_in(server, "oli")
    page.goto(server.url)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.goto(f"{server.url}{PATH}")
    assert_page_is_complete(page, server)
    expect(page.locator("html")).to_have_class(theme)  # Airflow's script sets it, at a time of its own
    colour = "element => getComputedStyle(element).color"
    assert page.locator(f"{PAGE} h2").evaluate(colour) == page.locator("body").evaluate(colour)
    assert_texts_are_readable(page, theme)
    page.evaluate("localStorage.clear()")


def test_only_tables_scroll_sideways_in_a_narrow_window(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab")
    assert_only_tables_scroll_sideways(sign_in(server, "ann"), f"{server.url}{PATH}")


def test_parallelism_is_the_limit_in_force(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab")
    assert_parallelism_is_the_limit_in_force(sign_in(server, "ann"), server, f"{server.url}{PATH}")
