"""`GET /astro-runtime/api/runtime`, and the links in Airflow's docs menu."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, expect

from astro_runtime_plugin.web.schemas import Runtime
from testing.browser import record_dialogs
from testing.installed_line import DEFAULTS
from testing.web.airflow_home import USERS
from testing.web.api_assertions import assert_json_is_not_cached
from testing.web.notice_assertions import open_with_notices
from testing.web.server_profiles import PARALLELISM
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.menus import open_menu
from tests.integration.web.airflow2.server import Airflow2Server


def get_runtime(page: Page, server: Airflow2Server) -> APIResponse:
    """Return the response that a script on one of Airflow's pages would get."""
    return page.request.get(f"{server.url}/astro-runtime/api/runtime")


def fetch_runtime(page: Page, server: Airflow2Server) -> dict[str, Any]:
    runtime: dict[str, Any] = get_runtime(page, server).json()
    return runtime


def test_endpoint_requires_a_login(server: Airflow2Server, anonymous: Page) -> None:
    response = get_runtime(anonymous, server)
    assert (response.status, response.json()) == (401, {"detail": "Not authenticated"})
    assert response.headers["cache-control"] == "no-store"


def test_every_response_is_json_that_caches_do_not_store(
    servers: Servers, sign_in: SignIn, anonymous: Page
) -> None:
    server = servers("plain")
    assert_json_is_not_cached(sign_in(server, "ann"), server, 200)
    assert_json_is_not_cached(anonymous, server, 401)


@pytest.mark.parametrize("user", USERS)
def test_endpoint_describes_the_runtime_to_every_user(
    server: Airflow2Server, sign_in: SignIn, user: str
) -> None:
    response = get_runtime(sign_in(server, user), server)
    assert (response.status, response.headers["cache-control"]) == (200, "no-store")
    assert response.headers["content-type"] == "application/json"
    runtime = Runtime.model_validate(response.json(), strict=True, extra="forbid")
    assert (runtime.release, runtime.image_tag) == ("13.0.0", server.image_tag)
    assert (runtime.airflow_version, runtime.python_version) == ("2.11.2", platform.python_version())
    permitted = DEFAULTS if user == "ann" else ()  # as Airflow's own configuration
    assert [setting.documented for setting in runtime.settings] == [row.documented for row in permitted]
    assert [setting.stock for setting in runtime.settings] == [row.airflow_default for row in permitted]


def test_setting_has_its_value_and_origin(servers: Servers, sign_in: SignIn) -> None:
    runtime = fetch_runtime(sign_in(servers("plain"), "ann"), servers("plain"))
    settings = {setting["documented"]: setting for setting in runtime["settings"]}
    assert settings["AIRFLOW__CORE__PARALLELISM"] == PARALLELISM
    interval = settings["AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL"]
    assert (interval["variable"], interval["value"]) == ("AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL", "30")
    assert (interval["stock"], interval["origin"]) == ("300", "Runtime")


def test_link_that_is_not_http_is_left_out_with_a_log_line(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    runtime = fetch_runtime(sign_in(server, "vic"), server)
    assert runtime["links"] == [{"name": "<b>Wiki</b>", "url": "https://wiki.example.com/"}]
    assert "'Bad' is left out" in server.log.read_text()


@pytest.mark.parametrize(("server", "user"), [("plain", "vic"), ("prefix", "ann")], indirect=["server"])
def test_docs_menu_has_the_links(server: Airflow2Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    dialogs = record_dialogs(page)
    open_with_notices(page, server, "/home")
    links = fetch_runtime(page, server)["links"]
    menu = open_menu(page, "Docs")
    names = menu.locator("a").all_inner_texts()
    assert len(names) == len(set(names))
    for link in links:
        url = json.dumps(link["url"].removesuffix("index.html"))  # as Airflow links to its documentation
        expect(menu.locator(f"a[href={url}]")).to_have_text(link["name"])
        expect(menu.locator(f"a[href={url}]")).to_be_visible()
    assert dialogs == []
