"""Components that run different image tags, as in a rollout that stopped half-way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.web import airflow_home as homes
from testing.web import rollout
from testing.web.sign_in import SignIn
from tests.integration.web.airflow2.server import Server, serving
from tests.integration.web.airflow2.test_runtime_page import PATH


@pytest.fixture
def alone(home: Path, tmp_path: Path) -> Iterator[Server]:
    """A web server whose database no other one of the tests shares."""
    with serving(homes.copy(home, tmp_path / "home"), "", rollout.ENVIRONMENT) as server:
        yield server


def test_a_notice_names_the_component_that_is_left_behind(alone: Server, sign_in: SignIn) -> None:
    rollout.is_seen(sign_in(alone, "ann"), alone, PATH)
