"""`GET /astro-runtime/api/runtime`, and the links in Airflow's docs menu."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from testing.installed_line import DEFAULTS
from testing.web.airflow_home import USERS
from testing.web.api_assertions import assert_json_is_not_cached
from testing.web.notice_assertions import open_with_notices
from testing.web.server_profiles import PARALLELISM
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Airflow3Server

ENDPOINT = "/astro-runtime/api/runtime"


def assert_runtime_is_returned(server: Airflow3Server, user: str) -> dict[str, Any]:
    status, media_type, text = server.get(ENDPOINT, server.token(user))
    assert (status, media_type) == (200, "application/json")
    runtime: dict[str, Any] = json.loads(text)
    return runtime


def test_endpoint_requires_a_login(server: Airflow3Server) -> None:
    status, _, text = server.get(ENDPOINT)
    assert status == 401
    assert "3.3" not in text
    assert server.get(ENDPOINT, "no token")[0] == 403


def test_every_response_is_json_that_caches_do_not_store(
    servers: Servers, sign_in: SignIn, anonymous: Page
) -> None:
    server = servers("fab")
    assert_json_is_not_cached(sign_in(server, "ann"), server, 200)
    assert_json_is_not_cached(anonymous, server, 401)
    assert_json_is_not_cached(anonymous, server, 403, {"Authorization": "Bearer no token"})


@pytest.mark.parametrize("user", USERS)
def test_endpoint_describes_the_runtime_to_every_user(server: Airflow3Server, user: str) -> None:
    runtime = assert_runtime_is_returned(server, user)
    settings, links = runtime.pop("settings"), runtime.pop("links")
    assert runtime == {
        "release": "3.3-1",
        "image_tag": server.image_tag,
        "airflow_version": "3.3.2",
        "python_version": platform.python_version(),
    }
    permitted = DEFAULTS if user == "ann" or not server.fab else ()  # as Airflow's own configuration
    assert [setting["documented"] for setting in settings] == [default.documented for default in permitted]
    assert [setting["stock"] for setting in settings] == [default.airflow_default for default in permitted]
    assert links
    assert all(set(link) == {"name", "url"} and link["url"].startswith("https://") for link in links)


def test_setting_has_its_value_and_origin(servers: Servers) -> None:
    runtime = assert_runtime_is_returned(servers("simple"), "ann")
    settings = {setting["documented"]: setting for setting in runtime["settings"]}
    assert settings["AIRFLOW__CORE__PARALLELISM"] == PARALLELISM
    batch = settings["AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"]
    assert (batch["value"], batch["stock"], batch["origin"]) == ("16", "1", "Runtime")
    assert batch["why"]


def test_link_that_is_not_http_is_left_out_with_a_log_line(servers: Servers) -> None:
    server = servers("simple-prefix")
    assert assert_runtime_is_returned(server, "vic")["links"] == [
        {"name": "<b>Wiki</b>", "url": "https://wiki.example.com/"}
    ]
    assert server.log.read_text().count("'Bad' is left out") == 1


def test_app_serves_no_other_path(servers: Servers) -> None:
    for path in ("docs", "redoc", "openapi.json", "static/", "static/../schemas.py"):
        assert servers("simple").get(f"/astro-runtime/{path}")[:2] == (404, "application/json")


@pytest.mark.parametrize("profile", ["simple", "fab-prefix"])
def test_docs_menu_has_the_links(servers: Servers, sign_in: SignIn, profile: str) -> None:
    server = servers(profile)
    page = sign_in(server, "ann")
    open_with_notices(page, server, "/")
    page.get_by_test_id("nav-sidebar").get_by_role("button", name="Docs").click()
    links = assert_runtime_is_returned(server, "ann")["links"]
    menu = page.locator("[role=menu] a")
    for link in links:
        expect(menu.and_(page.locator(f"[href={json.dumps(link['url'])}]"))).to_have_count(1)
    names = [link["name"] for link in links if link["name"] != "Documentation"]  # Airflow's menu has it
    assert menu.all_text_contents()[-len(names) :] == names
