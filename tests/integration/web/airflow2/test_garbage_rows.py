"""Garbage in the Runtime's table does no harm to the API and the page."""

from __future__ import annotations

from testing.waiting import retry
from testing.web.garbage_rows import (
    ALL_PATHS,
    assert_components_are_listed,
    assert_warnings_are_few,
    garbage_rows,
)
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers


def test_every_path_answers_and_warns_once(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    request = sign_in(server, "ann").request
    retry(lambda: assert_components_are_listed(request, server), AssertionError)
    with garbage_rows(server):
        for path in ALL_PATHS * 2:
            assert request.get(f"{server.url}{path}").status == 200, path
        assert_components_are_listed(request, server)
    assert_warnings_are_few(server)
