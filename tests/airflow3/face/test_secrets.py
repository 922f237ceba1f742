"""A web server whose settings hold secrets tells none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow3.face.server import Server, serving
from tests.airflow3.face.test_runtime_page import PATH
from tests.face import home as homes
from tests.face import secrets
from tests.face.fixtures import SignIn
from tests.servers import Postgres


@pytest.fixture
def secretive(home: Path, tmp_path: Path, metadata: Postgres) -> Iterator[Server]:
    """A web server with secrets, the password of its database among them."""
    settings = secrets.settings(metadata.create("secretive", "migrated"))
    with serving(homes.copy(home, tmp_path / "home"), "", settings) as server:
        yield server


def test_no_secret_is_told(secretive: Server, sign_in: SignIn) -> None:
    secrets.are_not_told(sign_in(secretive, "ann"), secretive, PATH)
