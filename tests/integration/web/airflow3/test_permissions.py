"""Each route asks for the permission under which Airflow shows the same: route by role, with both auth managers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.web import permission_table
from testing.web.permission_table import FAB, HOST, SIMPLE, PageAccess, assert_access, recorded_component
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Airflow3Server

ROLES = [
    *(("fab-prefix", user, access) for user, access in FAB.items()),
    *(("simple-prefix", user, access) for user, access in SIMPLE.items()),
]
PATHS = (
    "api/runtime",
    "api/workers",
    "api/components",
    "api/task-logs",
    "api/notices",
    "api/openapi.json",
    "page",
)


@pytest.fixture(scope="module", autouse=True)
def _component(servers: Servers) -> Iterator[None]:
    with recorded_component(servers("fab-prefix")):  # both servers share a database
        yield


def get_as(server: Airflow3Server, user: str) -> permission_table.Get:
    token = server.token(user)

    def get(path: str) -> tuple[int, str]:
        status, _, text = server.get(path, token)
        return status, text

    return get


@pytest.mark.parametrize(("profile", "user", "access"), ROLES)
def test_user_sees_what_airflow_shows(servers: Servers, profile: str, user: str, access: PageAccess) -> None:
    get = get_as(servers(profile), user)
    assert_access(get, access)
    assert (get("/api/v2/jobs")[0] == 200) == access.components, "Airflow itself shows hosts to these users"


def test_visitor_sees_nothing(servers: Servers) -> None:
    for profile in ("fab-prefix", "simple-prefix"):
        for path in PATHS:
            status, _, text = servers(profile).get(f"/astro-runtime/{path}")
            assert (status, HOST in text) == (401, False), path
