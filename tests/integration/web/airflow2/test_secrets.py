"""A web server whose settings hold secrets tells none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import Postgres
from testing.web import airflow_home as homes
from testing.web import secret_settings
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.server import Server, serving
from tests.integration.web.airflow2.test_runtime_page import PATH


@pytest.fixture
def secretive(home: Path, tmp_path: Path, metadata: Postgres) -> Iterator[Server]:
    """A web server with secrets, the password of its database among them."""
    settings = secret_settings.settings(metadata.create("secretive", "migrated"))
    with serving(homes.copy(home, tmp_path / "home"), "", settings) as server:
        yield server


def test_no_secret_is_told(secretive: Server, sign_in: SignIn) -> None:
    secret_settings.are_not_told(sign_in(secretive, "ann"), secretive, PATH)
