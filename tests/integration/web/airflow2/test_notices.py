"""The notices at the top of each page, and the components that they may name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from testing.browser import record_dialogs
from testing.web.api_assertions import NOTICES, assert_invalid_dismissals_are_rejected
from testing.web.notice_assertions import (
    assert_dismissal_is_per_user,
    assert_each_level_has_its_colour_and_role,
    assert_hidden_page_does_not_refresh,
    assert_only_http_urls_become_links,
    assert_open_page_refreshes_hourly,
)
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers


@pytest.mark.parametrize(
    ("path", "user", "other_user"),
    [("/home", "oli", "vic"), ("/dags/hello/grid", "vic", "ann"), ("/users/userinfo/", "ann", "una")],
)
def test_dismissed_notice_is_hidden_from_that_user(
    servers: Servers, sign_in: SignIn, path: str, user: str, other_user: str
) -> None:
    server = servers("prefix")
    assert_dismissal_is_per_user(sign_in(server, user), sign_in(server, other_user), f"{server.url}{path}")


def test_dismissal_requires_the_csrf_token_and_a_valid_notice(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    page = sign_in(server, "vic")
    page.goto(f"{server.url}/home")
    token = page.locator("script[data-csrf-token]").get_attribute("data-csrf-token") or ""
    assert page.request.post(f"{server.url}{NOTICES}", data={"notice": "x"}).status == 400
    assert_invalid_dismissals_are_rejected(page, server, {"X-CSRFToken": token})


def test_notices_and_components_require_a_login(servers: Servers, anonymous: Page) -> None:
    server = servers("prefix")
    assert anonymous.request.get(f"{server.url}{NOTICES}").status == 401
    assert anonymous.request.get(f"{server.url}/astro-runtime/api/components").status == 401


@pytest.mark.parametrize(
    "assert_behaviour", [assert_open_page_refreshes_hourly, assert_hidden_page_does_not_refresh]
)
def test_open_page_keeps_its_notices_up_to_date(
    servers: Servers, sign_in: SignIn, assert_behaviour: Callable[[Page, str], None]
) -> None:
    server = servers("plain")
    assert_behaviour(sign_in(server, "vic"), f"{server.url}/home")


@pytest.mark.parametrize(
    "assert_behaviour", [assert_only_http_urls_become_links, assert_each_level_has_its_colour_and_role]
)
def test_notice_has_the_link_and_look_of_its_kind(
    servers: Servers, sign_in: SignIn, assert_behaviour: Callable[[Page, str], None]
) -> None:
    server = servers("plain")
    page = sign_in(server, "vic")
    dialogs = record_dialogs(page)
    assert_behaviour(page, f"{server.url}/home")
    assert dialogs == []


def test_notices_are_empty_if_turned_off(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    response = sign_in(server, "ann").request.get(f"{server.url}{NOTICES}")
    assert (response.status, response.json()["notices"]) == (200, [])


def test_components_are_listed_for_every_user(servers: Servers, sign_in: SignIn) -> None:
    server = servers("plain")
    viewer = sign_in(server, "vic").request
    assert "Hostname" in viewer.get(f"{server.url}/job/list/").text(), "Airflow shows hosts to Viewers, too"
    response = viewer.get(f"{server.url}/astro-runtime/api/components")
    components = {(item["component"], item["image_tag"], item["release"]) for item in response.json()}
    assert ("webserver", server.image_tag, "13.0.0") in components
