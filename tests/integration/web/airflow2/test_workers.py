"""`GET /astro-runtime/api/workers`: the workers by queue, and the limit in force."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from testing.web.airflow_home import USERS
from testing.web.sign_in import SignIn
from testing.web.worker_snapshot import ENDPOINT, RESPONSE, recorded_workers
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Airflow2Server


def test_endpoint_requires_a_login(server: Airflow2Server, anonymous: Page) -> None:
    response = anonymous.request.get(f"{server.url}{ENDPOINT}")
    assert (response.status, response.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("user", USERS)
def test_endpoint_returns_what_the_schedulers_recorded_to_every_user(
    servers: Servers, sign_in: SignIn, user: str
) -> None:
    server = servers("plain")
    page = sign_in(server, user)
    with recorded_workers(server):
        response = page.request.get(f"{server.url}{ENDPOINT}")
    assert (response.status, response.headers["cache-control"]) == (200, "no-store")
    assert response.json() == RESPONSE
