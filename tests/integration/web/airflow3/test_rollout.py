"""Components that run different image tags, as in a rollout that stopped half-way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.web import rollout_assertions
from testing.web.airflow_home import copy_home
from testing.web.sign_in import SignIn
from tests.integration.web.airflow3.server import Airflow3Server, run_api_server
from tests.integration.web.airflow3.test_runtime_page import PATH


@pytest.fixture
def separate_server(home: Path, tmp_path: Path) -> Iterator[Airflow3Server]:
    """An API server whose database no other test's server shares."""
    with run_api_server(copy_home(home, tmp_path / "home"), "", rollout_assertions.ENVIRONMENT) as server:
        yield server


def test_notice_names_the_outdated_component(separate_server: Airflow3Server, sign_in: SignIn) -> None:
    page = sign_in(separate_server, "ann")
    rollout_assertions.assert_rollout_is_visible(page, separate_server, PATH)
