"""API servers with each profile, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing import auth_managers
from testing.progress import announce
from testing.web.server_profiles import HOSTILE, PLAIN, PREFIX
from testing.web.sign_in import anonymous, browser, contexts, open_page, sign_in
from testing.web.web_server import start_on_demand
from tests.integration.web.airflow3 import home as homes
from tests.integration.web.airflow3.server import Airflow3Server, run_api_server

__all__ = ["anonymous", "browser", "contexts", "open_page", "sign_in"]  # makes pytest find the fixtures

FAB = {"AIRFLOW__CORE__AUTH_MANAGER": auth_managers.FAB}
PROFILES: dict[str, tuple[str, dict[str, str]]] = {
    "simple": ("", PLAIN),
    "simple-prefix": (PREFIX, HOSTILE),
    "fab": ("", PLAIN | FAB),
    "fab-prefix": (PREFIX, HOSTILE | FAB),
}

Servers = Callable[[str], Airflow3Server]


@pytest.fixture(scope="package")
def home(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "home"
    announce(pytestconfig, "an Airflow with DAGs and users for the web servers")
    homes.create_home(path)
    return path


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[Servers]:
    """Yield a function that returns the API server of a profile, which the first call starts."""
    with start_on_demand(lambda profile: run_api_server(home, *PROFILES[profile])) as server_of:
        yield server_of


@pytest.fixture(params=["simple", "fab-prefix"])
def server(request: pytest.FixtureRequest, servers: Servers) -> Airflow3Server:
    """An API server of each auth manager: one plain without a path prefix, the other hostile with one."""
    return servers(request.param)
