"""Fixtures for the tests of the image: the images, which `make image` has built, networks and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from dev.images import tag
from entrypoint.airflow_line import LINES
from testing.docker_engine import Container, network
from testing.postgres_container import postgresql


@pytest.fixture(scope="session", params=os.environ.get("RUNTIME_LINES", " ".join(LINES)).split())
def line(request: pytest.FixtureRequest) -> str:
    """Each line, or each that the variable RUNTIME_LINES names."""
    return str(request.param)


@pytest.fixture(scope="session")
def base(line: str) -> str:
    """The line's base image, for tests that do not build a project on it."""
    return tag(line, "-base")


@pytest.fixture(scope="session")
def project(line: str) -> str:
    """The line's default image, on which projects are built."""
    return tag(line)


@pytest.fixture(scope="session")
def slim(line: str) -> str:
    """The line's slim image."""
    return tag(line, "-slim-base")


@pytest.fixture(scope="session")
def slim_project(line: str) -> str:
    """The line's slim image on which projects are built, for tests of the steps of a build."""
    return tag(line, "-slim")


@pytest.fixture
def net() -> Iterator[str]:
    """A network for this test."""
    with network() as name:
        yield name


@pytest.fixture
def postgres(net: str) -> Iterator[Container]:
    """PostgreSQL on the test's network, as `postgres`, with an empty database `airflow`."""
    with postgresql(net) as server:
        yield server
