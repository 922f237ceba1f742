"""Retention by real processes: the schedulers share a database, and the one whose turn it is deletes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.proof import copy_migrated_database, templates_folder

DAY_SECONDS = 24 * 60 * 60.0
CLEAN = """
import logging
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.task_logs.retention.daily import DailyRetention
from astro_runtime_plugin.task_logs.settings import read_settings
from airflow.configuration import conf
records = []
handler = logging.Handler()
handler.emit = lambda record: records.append((record.levelname, record.getMessage()))
logging.getLogger("astro_runtime").addHandler(handler)
logging.getLogger("astro_runtime").setLevel("INFO")
DailyRetention(read_settings(conf)).clean(StoppableWait())
import json
print("RESULT " + json.dumps(records))
"""
LOG = "dag_id=d/run_id=r/task_id=t/attempt=1.log"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a migrated database, to which Airflow has added its template of logs' paths."""
    home = tmp_path_factory.mktemp("home")
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    return home


class Home:
    """An AIRFLOW_HOME, and a store with an old log, a new one and another file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "store"
        self.write(LOG, age_days=31)
        self.write(f"{LOG}.000000000005", age_days=31)
        self.write(LOG.replace("attempt=1", "attempt=2"), age_days=29)
        self.write("reports/orders.csv", age_days=400)

    def write(self, key: str, age_days: float) -> None:
        file = self.store / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("line\n")
        moment = time.time() - age_days * DAY_SECONDS
        os.utime(file, (moment, moment))

    def files(self) -> list[str]:
        return sorted(str(file.relative_to(self.store)) for file in self.store.rglob("*") if file.is_file())

    def clean(self, url: str = "") -> list[tuple[str, str]]:
        """Do what a scheduler's thread does once an hour; return what it logs."""
        variables = {
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": url or f"file://{self.store}",
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_RETENTION_DAYS": "30",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path}/airflow.db",
        }
        done = subprocess.run(
            [sys.executable, "-c", CLEAN],
            env=isolated_environment(self.path, **variables),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert results, done.stderr
        return [(level, text) for level, text in json.loads(results[0].removeprefix("RESULT "))]


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    (tmp_path / "airflow.db").write_bytes((template / "airflow.db").read_bytes())
    return Home(tmp_path)


def test_one_scheduler_deletes_old_logs_once_a_day_and_logs_how_many(home: Home) -> None:
    assert home.clean() == [
        (
            "INFO",
            f"Task logs: deleted 2 objects (10 bytes) older than 30 days from file://{home.store}",
        )
    ]
    assert home.files() == [LOG.replace("attempt=1", "attempt=2"), "reports/orders.csv"]
    home.write(LOG, age_days=31)
    assert home.clean() == []  # the turn of the day is taken
    assert LOG in home.files()


def test_store_that_cannot_be_listed_is_one_warning(home: Home) -> None:
    ((level, text),) = home.clean("s3://bucket/logs")
    assert level == "WARNING"
    assert "cannot be cleaned: " in text
