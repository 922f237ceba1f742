"""How long the tasks may take, by the longest of their last runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from astro_runtime_plugin.drain.durations import LastDurations, duration_query
from astro_runtime_plugin.drain.worker_tasks import WorkerTask
from astro_runtime_plugin.health.settings import read_settings

COLUMNS = "dag_id TEXT, task_id TEXT, state TEXT, duration FLOAT, start_date TIMESTAMP"


@pytest.fixture
def durations(tmp_path: Path) -> LastDurations:
    """`load` took 100 s and 40 s, longer once in an older run, and longer when it failed; `sum` never ran."""
    engine = create_engine(f"sqlite:///{tmp_path}/runs.db")
    runs: list[tuple[str, object, int]] = [
        ("success", 1000, 1),
        *[("success", 40, day) for day in range(2, 11)],
        ("success", 100, 11),
    ]
    runs += [("failed", 500, 12), ("running", "NULL", 13)]
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE task_instance ({COLUMNS})"))
        for state, seconds, day in runs:
            row = f"'orders', 'load', '{state}', {seconds}, '2026-11-{day:02} 00:00:00'"
            connection.execute(text(f"INSERT INTO task_instance VALUES ({row})"))
    last = LastDurations(read_settings({"AIRFLOW_HOME": str(tmp_path)}, ("celery", "worker")))
    assert last._engine is None, "the database of the default"
    last._engine = engine
    return last


def test_longest_of_the_last_runs_counts(durations: LastDurations, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    load = WorkerTask("orders", "load", now - 30)
    assert durations.seconds_left([load]) == 70


@pytest.mark.parametrize(
    "unknown",
    [
        WorkerTask("orders", "sum", time.time()),
        WorkerTask("orders", "load", time.time() - 200),
        WorkerTask("orders", "load"),
        WorkerTask(started=time.time()),
    ],
    ids=["never ran", "runs longer", "waits", "without a name"],
)
def test_nothing_is_known_if_one_task_is_not(durations: LastDurations, unknown: WorkerTask) -> None:
    assert durations.seconds_left([WorkerTask("orders", "load", time.time()), unknown]) is None


def test_schema_of_the_operator_is_used() -> None:
    assert "FROM mine.task_instance" in str(duration_query("orders", "load", "mine"))
