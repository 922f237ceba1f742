"""`GET /astro-runtime/api/runtime`, and the links in Airflow's own docs menu."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from entrypoint.defaults import DEFAULTS
from testing.web.airflow_home import USERS
from testing.web.api_assertions import are_json_that_no_cache_keeps
from testing.web.server_profiles import PARALLELISM
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Server

ENDPOINT = "/astro-runtime/api/runtime"


def told(server: Server, user: str) -> dict[str, Any]:
    status, kind, text = server.get(ENDPOINT, server.token(user))
    assert (status, kind) == (200, "application/json")
    answer: dict[str, Any] = json.loads(text)
    return answer


def test_it_asks_for_a_login(server: Server) -> None:
    status, _, text = server.get(ENDPOINT)
    assert status == 401
    assert "3.3" not in text
    assert server.get(ENDPOINT, "no token")[0] == 403


def test_every_answer_is_json_that_no_cache_keeps(servers: Servers, sign_in: SignIn, stranger: Page) -> None:
    server = servers("fab")
    are_json_that_no_cache_keeps(sign_in(server, "vic"), server, 200)
    are_json_that_no_cache_keeps(stranger, server, 401)
    are_json_that_no_cache_keeps(stranger, server, 403, {"Authorization": "Bearer no token"})


@pytest.mark.parametrize("user", USERS)
def test_whoever_is_logged_in_may_read_what_runs(server: Server, user: str) -> None:
    answer = told(server, user)
    settings, links = answer.pop("settings"), answer.pop("links")
    assert answer == {
        "release": "3.3-1",
        "image_tag": server.image_tag,
        "airflow_version": "3.3.2",
        "python_version": platform.python_version(),
    }
    assert [one["documented"] for one in settings] == [row.documented for row in DEFAULTS]
    assert [one["stock"] for one in settings] == [row.airflow_default for row in DEFAULTS]
    assert links
    assert all(set(link) == {"name", "url"} and link["url"].startswith("https://") for link in links)


def test_a_setting_says_its_value_and_where_it_came_from(servers: Servers) -> None:
    settings = {one["documented"]: one for one in told(servers("simple"), "ann")["settings"]}
    assert settings["AIRFLOW__CORE__PARALLELISM"] == PARALLELISM
    batch = settings["AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"]
    assert (batch["value"], batch["stock"], batch["origin"]) == ("16", "1", "Runtime")
    assert batch["why"]


def test_a_link_that_is_not_http_is_left_out_and_named_in_the_log(servers: Servers) -> None:
    server = servers("simple-prefix")
    assert told(server, "vic")["links"] == [{"name": "<b>Wiki</b>", "url": "https://wiki.example.com/"}]
    assert server.log.read_text().count("'Bad' is left out") == 1


def test_nothing_else_is_served(servers: Servers) -> None:
    for path in ("docs", "redoc", "openapi.json", "static/", "static/../schemas.py"):
        assert servers("simple").get(f"/astro-runtime/{path}")[:2] == (404, "application/json")


@pytest.mark.parametrize("kind", ["simple", "fab-prefix"])
def test_the_docs_menu_has_the_links(servers: Servers, sign_in: SignIn, kind: str) -> None:
    server = servers(kind)
    page = sign_in(server, "ann")
    page.goto(f"{server.url}/")
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Docs").click()
    links = told(server, "ann")["links"]
    menu = page.locator("[role=menu] a")
    for link in links:
        expect(menu.and_(page.locator(f"[href={json.dumps(link['url'])}]"))).to_have_count(1)
    names = [link["name"] for link in links if link["name"] != "Documentation"]  # Airflow has its own
    assert menu.all_text_contents()[-len(names) :] == names
