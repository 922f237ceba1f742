"""`GET /astro-runtime/api/runtime`, and the links in Airflow's own docs menu."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, expect

from astro_runtime_plugin.web.schemas import Runtime
from entrypoint.defaults import DEFAULTS
from testing.browser import dialogs
from testing.web.airflow_home import USERS
from testing.web.api_assertions import are_json_that_no_cache_keeps
from testing.web.server_profiles import PARALLELISM
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Server


def answer(page: Page, server: Server) -> APIResponse:
    """Ask as a script on one of Airflow's pages would."""
    return page.request.get(f"{server.url}/astro-runtime/api/runtime")


def told(page: Page, server: Server) -> dict[str, Any]:
    said: dict[str, Any] = answer(page, server).json()
    return said


def test_it_asks_for_a_login(server: Server, stranger: Page) -> None:
    said = answer(stranger, server)
    assert (said.status, said.json()) == (401, {"detail": "Not authenticated"})
    assert said.headers["cache-control"] == "no-store"


def test_every_answer_is_json_that_no_cache_keeps(servers: Servers, sign_in: SignIn, stranger: Page) -> None:
    server = servers("plain")
    are_json_that_no_cache_keeps(sign_in(server, "vic"), server, 200)
    are_json_that_no_cache_keeps(stranger, server, 401)


@pytest.mark.parametrize("user", USERS)
def test_whoever_is_logged_in_may_read_what_runs(server: Server, sign_in: SignIn, user: str) -> None:
    said = answer(sign_in(server, user), server)
    assert (said.status, said.headers["cache-control"]) == (200, "no-store")
    assert said.headers["content-type"] == "application/json"
    runtime = Runtime.model_validate(said.json(), strict=True, extra="forbid")
    assert (runtime.release, runtime.image_tag) == ("13.0.0", server.image_tag)
    assert (runtime.airflow_version, runtime.python_version) == ("2.11.2", platform.python_version())
    assert [one.documented for one in runtime.settings] == [row.documented for row in DEFAULTS]
    assert [one.stock for one in runtime.settings] == [row.airflow_default for row in DEFAULTS]


def test_a_setting_says_its_value_and_where_it_came_from(servers: Servers, sign_in: SignIn) -> None:
    said = told(sign_in(servers("plain"), "vic"), servers("plain"))
    settings = {one["documented"]: one for one in said["settings"]}
    assert settings["AIRFLOW__CORE__PARALLELISM"] == PARALLELISM
    interval = settings["AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL"]
    assert (interval["variable"], interval["value"]) == ("AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL", "30")
    assert (interval["stock"], interval["origin"]) == ("300", "Runtime")


def test_a_link_that_is_not_http_is_left_out_and_named_in_the_log(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    said = told(sign_in(server, "vic"), server)
    assert said["links"] == [{"name": "<b>Wiki</b>", "url": "https://wiki.example.com/"}]
    assert "'Bad' is left out" in server.log.read_text()


@pytest.mark.parametrize("user", USERS)
def test_the_docs_menu_has_the_links(server: Server, sign_in: SignIn, user: str) -> None:
    page = sign_in(server, user)
    heard = dialogs(page)
    page.goto(f"{server.url}/home")
    page.get_by_text("Docs", exact=True).hover()
    menu = page.locator("li.dropdown:has-text('Docs') .dropdown-menu")
    names = menu.locator("a").all_inner_texts()
    assert len(names) == len(set(names))
    for link in told(page, server)["links"]:
        url = json.dumps(link["url"].removesuffix("index.html"))  # Airflow's own link to its documentation
        expect(menu.locator(f"a[href={url}]")).to_have_text(link["name"])
        expect(menu.locator(f"a[href={url}]")).to_be_visible()
    assert heard == []
