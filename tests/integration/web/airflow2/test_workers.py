"""`GET /astro-runtime/api/workers`: the workers by queue, and the bound in force."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from testing.web.airflow_home import USERS
from testing.web.sign_in import SignIn
from testing.web.worker_snapshot import ENDPOINT, TOLD, write
from tests.integration.web.airflow2.conftest import Servers
from tests.integration.web.airflow2.server import Server


def test_it_asks_for_a_login(server: Server, stranger: Page) -> None:
    said = stranger.request.get(f"{server.url}{ENDPOINT}")
    assert (said.status, said.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("user", USERS)
def test_whoever_is_logged_in_may_read_what_the_schedulers_wrote_down(
    servers: Servers, sign_in: SignIn, user: str
) -> None:
    server = servers("plain")
    write(server)
    said = sign_in(server, user).request.get(f"{server.url}{ENDPOINT}")
    assert (said.status, said.headers["cache-control"]) == (200, "no-store")
    assert said.json() == TOLD
