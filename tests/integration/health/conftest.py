"""What the tests of the health check share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from testing.job_databases import create_job_databases
from testing.servers import Postgres


@pytest.fixture(scope="package")
def databases(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of databases with Airflow's jobs."""
    home = tmp_path_factory.mktemp("databases")
    create_job_databases(server, home)
    return home


@pytest.fixture
def unchanged_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check adds the operator's folders to the path; another test has others."""
    monkeypatch.setattr(sys, "path", [*sys.path])
