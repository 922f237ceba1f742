"""The notices at the top of each page, and the components that they may name."""

from __future__ import annotations

import json
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
from tests.integration.web.airflow3.conftest import Servers


@pytest.mark.parametrize("profile", ["simple-prefix", "fab-prefix"])
def test_dismissed_notice_is_hidden_from_that_user(servers: Servers, sign_in: SignIn, profile: str) -> None:
    server = servers(profile)
    assert_dismissal_is_per_user(sign_in(server, "oli"), sign_in(server, "vic"), f"{server.url}/pools")


def test_invalid_dismissals_are_rejected(servers: Servers, sign_in: SignIn) -> None:
    server = servers("fab-prefix")
    assert_invalid_dismissals_are_rejected(sign_in(server, "vic"), server, {})


def test_notices_and_components_require_a_login(servers: Servers, anonymous: Page) -> None:
    server = servers("fab-prefix")
    assert server.get(NOTICES)[0] == 401
    assert server.get("/astro-runtime/api/components")[0] == 401
    assert anonymous.request.post(f"{server.url}{NOTICES}", data={"notice": "no such notice"}).status == 401


@pytest.mark.parametrize(
    "assert_behaviour", [assert_open_page_refreshes_hourly, assert_hidden_page_does_not_refresh]
)
def test_open_page_keeps_its_notices_up_to_date(
    servers: Servers, sign_in: SignIn, assert_behaviour: Callable[[Page, str], None]
) -> None:
    server = servers("fab")
    assert_behaviour(sign_in(server, "vic"), f"{server.url}/pools")


@pytest.mark.parametrize(
    "assert_behaviour", [assert_only_http_urls_become_links, assert_each_level_has_its_colour_and_role]
)
def test_notice_has_the_link_and_look_of_its_kind(
    servers: Servers, sign_in: SignIn, assert_behaviour: Callable[[Page, str], None]
) -> None:
    server = servers("fab")
    page = sign_in(server, "vic")
    dialogs = record_dialogs(page)
    assert_behaviour(page, f"{server.url}/pools")
    assert dialogs == []


def test_notices_are_empty_if_turned_off(servers: Servers) -> None:
    server = servers("fab")
    status, _, text = server.get(NOTICES, server.token("ann"))
    assert (status, json.loads(text)["notices"]) == (200, [])


def test_components_are_listed_for_every_user(servers: Servers) -> None:
    server = servers("fab")
    viewer = server.token("vic")
    task_instances = server.get("/api/v2/dags/hello/dagRuns/~/taskInstances", viewer)[2]
    assert '"hostname":' in task_instances, "Airflow shows hosts to Viewers, too"
    _, _, text = server.get("/astro-runtime/api/components", viewer)
    components = {(item["component"], item["image_tag"], item["release"]) for item in json.loads(text)}
    assert ("api-server", server.image_tag, "3.3-1") in components
