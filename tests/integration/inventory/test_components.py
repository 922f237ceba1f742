"""Every long-running component records what it runs, in a real installation; a dead one vanishes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from astro_runtime_plugin.inventory.listing import RunningComponent, live_components
from testing.celery_cluster import Cluster, Component, cluster, until
from testing.installed_line import LINE, RELEASE
from testing.servers import Postgres, free_port, redis

TAG = "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG"
ROWS = "SELECT value, extract(epoch FROM now()) FROM astro_runtime_state WHERE kind = 'component'"
HERE = ["127.0.0.1", "--port"]
FOR_TASKS = "api-server for tasks"
# The command of each component, a port of its own behind `--port`.
EVERYWHERE = {
    "scheduler": ["scheduler"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer"],
    "celery flower": ["celery", "flower", "-H", *HERE],
    "kerberos": ["kerberos"],
}
COMMANDS = {
    "3.3": {
        **EVERYWHERE,
        "api-server": ["api-server", "--workers", "2", "--host", *HERE],
        FOR_TASKS: ["api-server", "--apps", "execution", "--host", *HERE],
    },
    "2.11": {**EVERYWHERE, "webserver": ["webserver", "--workers", "2", "-H", *HERE]},
}[LINE]
DAG = """
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag(schedule="@once", start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def made():
    @task
    def idle():
        pass

    idle()

made()
"""
# A short silence, so that the test sees a component vanish.
SOON = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
    "AIRFLOW__KERBEROS__KINIT_PATH": "true",
    "AIRFLOW__KERBEROS__CCACHE": "/dev/null",
}


@pytest.fixture
def database(metadata: Postgres, request: pytest.FixtureRequest) -> str:
    name = str(request.node.name)[:60]
    metadata.create(name, "migrated")
    return name


@pytest.fixture
def made(tmp_path: Path, metadata: Postgres, database: str) -> Iterator[Cluster]:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "made.py").write_text(DAG)
    with redis() as broker, cluster(tmp_path, metadata.url(database), broker, **SOON) as one:
        yield one


def seen(metadata: Postgres, database: str) -> list[RunningComponent]:
    """Return what lives, as the database tells it by its own clock."""
    try:
        rows = metadata.sql(database, ROWS)
    except psycopg2.errors.UndefinedTable:
        return []
    return live_components((json.loads(told) for told, _ in rows), float(rows[0][1]) if rows else 0)


def run(made: Cluster, name: str) -> Component:
    """Start a component with a tag of its own; a worker's tasks ask the API server that is there for them."""
    words = COMMANDS[name]
    port = [str(free_port())] if words[-1] == "--port" else []
    if name == FOR_TASKS:
        made.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = f"http://127.0.0.1:{port[0]}/execution/"
    return made.run(name, *words, *port, **{TAG: f"orders:{name}"})


def test_every_component_says_what_it_runs_and_a_dead_one_vanishes(
    made: Cluster, metadata: Postgres, database: str
) -> None:
    running = {name: run(made, name) for name in COMMANDS}
    worker = made.worker("worker", "-c", "1")
    expected = {(name.removesuffix(" for tasks"), f"orders:{name}") for name in COMMANDS}
    expected.add(("celery worker", RELEASE))
    until(lambda: {one[:3:2] for one in seen(metadata, database)} == expected, worker, *running.values())
    until(
        lambda: metadata.sql(database, "SELECT state FROM dag_run") == [("success",)],
        worker,
        *running.values(),
    )
    before = seen(metadata, database)
    assert len(before) == len(expected), "the processes of a component count as one"
    assert {one.release for one in before} == {RELEASE}
    worker.kill(signal.SIGKILL)
    running["triggerer"].kill(signal.SIGKILL)
    left = expected - {("celery worker", RELEASE), ("triggerer", "orders:triggerer")}
    until(lambda: {one[:3:2] for one in seen(metadata, database)} == left)
    assert set(seen(metadata, database)) <= set(before), "since when is as it was"
    assert not [one for one in running.values() if "does not show this component" in one.log]


def test_a_database_that_cannot_be_written_is_one_warning(
    made: Cluster, metadata: Postgres, database: str
) -> None:
    metadata.sql(database, "CREATE VIEW astro_runtime_state AS SELECT 1 AS kind, 'x' AS name")
    scheduler = made.scheduler()
    until(lambda: "the Runtime page does not show this component" in scheduler.log, scheduler)
    sent = made.metrics.sent["executor.open_slots"]
    until(lambda: made.metrics.sent["executor.open_slots"] > sent + 10, scheduler)
    assert scheduler.log.count("does not show this component") == 1


def test_a_user_who_may_make_no_table_is_told_what_is_needed(
    made: Cluster, metadata: Postgres, database: str
) -> None:
    metadata.sql(database, "CREATE ROLE reader LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO reader")
    metadata.sql(database, "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader")
    url = make_url(metadata.url(database)).set(username="reader").render_as_string(hide_password=False)
    triggerer = made.run("triggerer", "triggerer", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url)
    until(lambda: "does not show this component" in triggerer.log, triggerer)
    (said,) = [line for line in triggerer.log.splitlines() if "does not show this component" in line]
    assert "the database's user needs the right to create it" in said
    assert seen(metadata, database) == []
