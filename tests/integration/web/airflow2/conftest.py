"""Webservers of each kind, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.web.server_profiles import HOSTILE, PLAIN, PREFIX
from testing.web.sign_in import browser, contexts, opened, sign_in, stranger
from testing.web.web_server import on_demand
from tests.integration.web.airflow2 import home as homes
from tests.integration.web.airflow2.server import Server, serving

__all__ = ["browser", "contexts", "opened", "sign_in", "stranger"]  # pytest finds fixtures here

PUBLIC = {"AIRFLOW__WEBSERVER__CONFIG_FILE": f"$AIRFLOW_HOME/{homes.PUBLIC}"}
KINDS = {"plain": ("", PLAIN), "prefix": (PREFIX, HOSTILE | PUBLIC)}

Servers = Callable[[str], Server]


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("face") / "home"
    homes.make(made)
    return made


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[Servers]:
    """Yield a function that returns the webserver of a kind, started when it is first asked for."""
    with on_demand(lambda kind: serving(home, *KINDS[kind])) as of:
        yield of


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """A webserver without a prefix, and one with a prefix, hostile image tag and links, open to anonymous visitors."""
    return servers(request.param)
