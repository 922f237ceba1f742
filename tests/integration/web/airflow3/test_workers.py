"""`GET /astro-runtime/api/workers`: the workers by queue, and the bound in force."""

from __future__ import annotations

import json

import pytest

from testing.web.airflow_home import USERS
from testing.web.worker_snapshot import ENDPOINT, TOLD, write
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Server


def test_it_asks_for_a_login(server: Server) -> None:
    assert server.get(ENDPOINT)[0] == 401
    assert server.get(ENDPOINT, "no token")[0] == 403


@pytest.mark.parametrize("user", USERS)
def test_whoever_is_logged_in_may_read_what_the_schedulers_wrote_down(servers: Servers, user: str) -> None:
    server = servers("simple")
    write(server)
    status, kind, text = server.get(ENDPOINT, server.token(user))
    assert (status, kind) == (200, "application/json")
    assert json.loads(text) == TOLD
