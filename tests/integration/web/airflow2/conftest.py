"""Webservers with each profile, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.progress import announce
from testing.web.server_profiles import HOSTILE, PLAIN, PREFIX
from testing.web.sign_in import anonymous, browser, contexts, open_page, sign_in
from testing.web.web_server import start_on_demand
from tests.integration.web.airflow2 import home as homes
from tests.integration.web.airflow2.server import Airflow2Server, run_webserver

__all__ = ["anonymous", "browser", "contexts", "open_page", "sign_in"]  # makes pytest find the fixtures

PUBLIC = {"AIRFLOW__WEBSERVER__CONFIG_FILE": f"$AIRFLOW_HOME/{homes.PUBLIC_CONFIG}"}
PROFILES = {"plain": ("", PLAIN), "prefix": (PREFIX, HOSTILE | PUBLIC)}

Servers = Callable[[str], Airflow2Server]


@pytest.fixture(scope="package")
def home(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "home"
    announce(pytestconfig, "an Airflow with DAGs and users for the web servers")
    homes.create_home(path)
    return path


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[Servers]:
    """Yield a function that returns the webserver of a profile, which the first call starts."""
    with start_on_demand(lambda profile: run_webserver(home, *PROFILES[profile])) as server_of:
        yield server_of


@pytest.fixture(params=PROFILES)
def server(request: pytest.FixtureRequest, servers: Servers) -> Airflow2Server:
    """A plain webserver without a path prefix, and a hostile one with a prefix that is open to anonymous visitors."""
    return servers(request.param)
