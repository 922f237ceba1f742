"""The Runtime page in the Admin menu."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from testing.browser import record_dialogs
from testing.web.notice_assertions import open_with_notices
from testing.web.runtime_page_assertions import (
    assert_only_tables_scroll_sideways,
    assert_page_is_complete,
    assert_parallelism_is_the_limit_in_force,
    assert_texts_are_readable,
)
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.menus import choose
from tests.integration.web.airflow2.server import Airflow2Server

PATH = "/astro-runtime/page"


@pytest.mark.parametrize(("server", "user"), [("plain", "ann"), ("prefix", "oli")], indirect=["server"])
def test_admin_and_op_open_the_page_from_the_admin_menu(
    server: Airflow2Server, sign_in: SignIn, user: str
) -> None:
    page = sign_in(server, user)
    dialogs = record_dialogs(page)
    open_with_notices(page, server, "/home")
    choose(page, "Admin", "Runtime")
    page.wait_for_url(f"{server.url}{PATH}")
    expect(page).to_have_title("Runtime - Airflow")
    assert_page_is_complete(page, server)
    assert dialogs == []


def test_page_is_forbidden_to_other_users(server: Airflow2Server, sign_in: SignIn, anonymous: Page) -> None:
    page = sign_in(server, "vic")
    assert page.request.get(f"{server.url}{PATH}").status == 403
    page.goto(f"{server.url}/home")
    expect(page.locator(".navbar").get_by_role("link", name="Runtime", exact=True)).to_have_count(0)
    anonymous.goto(f"{server.url}{PATH}")
    assert "/login/" in anonymous.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_readable_in_either_theme(servers: Servers, sign_in: SignIn, theme: str) -> None:
    server = servers("plain")
    page = sign_in(server, "oli")
    page.goto(f"{server.url}{PATH}")
    if theme == "dark":
        page.click("#themeToggleButton")
        page.reload()
    assert_page_is_complete(page, server)
    expect(page.locator("html")).to_have_attribute("data-color-scheme", theme)
    assert_texts_are_readable(page, theme)
    page.evaluate("localStorage.clear()")


def test_only_tables_scroll_sideways_in_a_narrow_window(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    assert_only_tables_scroll_sideways(sign_in(server, "ann"), f"{server.url}{PATH}")


def test_parallelism_is_the_limit_in_force(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    assert_parallelism_is_the_limit_in_force(sign_in(server, "ann"), server, f"{server.url}{PATH}")
