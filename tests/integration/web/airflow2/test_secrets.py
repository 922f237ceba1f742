"""A web server whose settings hold secrets exposes none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import Postgres
from testing.web import secret_settings
from testing.web.airflow_home import copy_home
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.server import Airflow2Server, run_webserver
from tests.integration.web.airflow2.test_runtime_page import PATH


@pytest.fixture
def server_with_secrets(home: Path, tmp_path: Path, metadata: Postgres) -> Iterator[Airflow2Server]:
    """A webserver with secrets in its settings, such as its database's password."""
    settings = secret_settings.settings(metadata.create("secretive", "migrated"))
    with run_webserver(copy_home(home, tmp_path / "home"), "", settings) as server:
        yield server


def test_no_secret_is_exposed(server_with_secrets: Airflow2Server, sign_in: SignIn) -> None:
    page = sign_in(server_with_secrets, "ann")
    secret_settings.assert_no_secret_is_exposed(page, server_with_secrets, PATH)
