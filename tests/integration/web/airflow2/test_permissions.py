"""Each route asks for the permission under which Airflow shows the same: route by role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from testing.web import permission_table
from testing.web.permission_table import FAB, HOST, PageAccess, assert_access, recorded_component
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Airflow2Server

PATHS = ("api/runtime", "api/workers", "api/components", "api/task-logs", "api/notices", "api/openapi.json")


@pytest.fixture(scope="module", autouse=True)
def _component(servers: Servers) -> Iterator[None]:
    with recorded_component(servers("prefix")):
        yield


def get_as(page: Page, server: Airflow2Server) -> permission_table.Get:
    def get(path: str) -> tuple[int, str]:
        response = page.request.get(f"{server.url}{path}", max_redirects=0)
        return response.status, response.text()

    return get


@pytest.mark.parametrize(("user", "access"), FAB.items())
def test_user_sees_what_airflow_shows(
    servers: Servers, sign_in: SignIn, user: str, access: PageAccess
) -> None:
    server = servers("prefix")
    get = get_as(sign_in(server, user), server)
    assert_access(get, access)
    assert (get("/job/list/")[0] == 200) == access.components, "Airflow itself shows hosts to these users"


def test_visitor_sees_nothing_even_if_visitors_are_viewers(servers: Servers, anonymous: Page) -> None:
    get = get_as(anonymous, servers("prefix"))
    for path in PATHS:
        status, text = get(f"/astro-runtime/{path}")
        assert (status, HOST in text) == (401, False), path
    assert get("/astro-runtime/page")[0] == 302
