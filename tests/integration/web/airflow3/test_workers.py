"""`GET /astro-runtime/api/workers`: the workers by queue, and the limit in force."""

from __future__ import annotations

import json

import pytest

from testing.web.airflow_home import USERS
from testing.web.worker_snapshot import ENDPOINT, RESPONSE, recorded_workers
from tests.integration.web.airflow3.conftest import Servers
from tests.integration.web.airflow3.server import Airflow3Server


def test_endpoint_requires_a_login(server: Airflow3Server) -> None:
    assert server.get(ENDPOINT)[0] == 401
    assert server.get(ENDPOINT, "no token")[0] == 403


@pytest.mark.parametrize("user", USERS)
def test_endpoint_returns_what_the_schedulers_recorded_to_every_user(servers: Servers, user: str) -> None:
    server = servers("simple")
    token = server.token(user)
    with recorded_workers(server):
        status, media_type, text = server.get(ENDPOINT, token)
    assert (status, media_type) == (200, "application/json")
    assert json.loads(text) == RESPONSE
