"""Garbage in the Runtime's table does no harm to the API and the page."""

from __future__ import annotations

from testing.web.garbage_rows import assert_garbage_does_no_harm
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.conftest import Servers


def test_every_path_answers_and_warns_once(servers: Servers, sign_in: SignIn) -> None:
    server = servers("prefix")
    assert_garbage_does_no_harm(sign_in(server, "ann").request, server)
