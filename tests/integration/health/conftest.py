"""What the tests of the health check share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.health import database, http, job, worker
from testing.job_databases import create_job_databases
from testing.servers import Postgres


@pytest.fixture(scope="package")
def databases(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of databases with Airflow's jobs."""
    home = tmp_path_factory.mktemp("databases")
    create_job_databases(server, home)
    return home


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the checks of this process wait for what answers as long as a starved machine takes for it."""
    for module, name in ((http, "TIMEOUT_SECONDS"), (database, "CONNECT_SECONDS"), (job, "AIRFLOW_SECONDS")):
        monkeypatch.setattr(module, name, 300)
    monkeypatch.setattr(worker, "ANSWER_SECONDS", 60)


@pytest.fixture
def unchanged_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check adds the operator's folders to the path; another test has others."""
    monkeypatch.setattr(sys, "path", [*sys.path])
