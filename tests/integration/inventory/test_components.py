"""In a real installation, every long-running component records what it runs; a dead one vanishes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from astro_runtime_plugin.inventory.listing import ComponentRow, RunningComponent, live_components
from testing.celery_cluster import Cluster, Component, run_cluster, wait_while_running
from testing.installed_line import LINE, RELEASE
from testing.servers import Postgres, free_port, redis

TAG = "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG"
ROWS = "SELECT value, extract(epoch FROM now()) FROM astro_runtime_state WHERE kind = 'component'"
LISTEN = ["127.0.0.1", "--port"]
FOR_TASKS = "api-server for tasks"
# The command of each component; each gets its own port after `--port`.
BOTH_LINES = {
    "scheduler": ["scheduler"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer"],
    "celery flower": ["celery", "flower", "-H", *LISTEN],
    "kerberos": ["kerberos"],
}
COMMANDS = {
    "3.3": {
        **BOTH_LINES,
        "api-server": ["api-server", "--workers", "2", "--host", *LISTEN],
        FOR_TASKS: ["api-server", "--apps", "execution", "--host", *LISTEN],
    },
    "2.11": {**BOTH_LINES, "webserver": ["webserver", "--workers", "2", "-H", *LISTEN]},
}[LINE]
DAG = """
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag(schedule="@once", start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def inventory():
    @task
    def idle():
        pass

    idle()

inventory()
"""
# Short thresholds, so that the test sees a component vanish.
THRESHOLDS = {
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
def cluster(tmp_path: Path, metadata: Postgres, database: str) -> Iterator[Cluster]:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "inventory.py").write_text(DAG)
    with redis() as broker, run_cluster(tmp_path, metadata.url(database), broker, **THRESHOLDS) as cluster:
        yield cluster


def live(metadata: Postgres, database: str) -> list[RunningComponent]:
    """Return the live components, by the database's clock."""
    try:
        rows = metadata.sql(database, ROWS)
    except psycopg2.errors.UndefinedTable:
        return []
    return live_components(
        (ComponentRow.model_validate_json(value) for value, _ in rows), float(rows[0][1]) if rows else 0
    )


def run(cluster: Cluster, name: str) -> Component:
    """Start a component with its own image tag; the tasks use the API server for tasks."""
    words = COMMANDS[name]
    port = [str(free_port())] if words[-1] == "--port" else []
    if name == FOR_TASKS:
        cluster.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = f"http://127.0.0.1:{port[0]}/execution/"
    return cluster.run(name, *words, *port, **{TAG: f"orders:{name}"})


def test_every_component_is_recorded_until_it_dies(
    cluster: Cluster, metadata: Postgres, database: str
) -> None:
    running = {name: run(cluster, name) for name in COMMANDS}
    worker = cluster.worker("worker", "-c", "1")
    expected = {(name.removesuffix(" for tasks"), f"orders:{name}") for name in COMMANDS}
    expected.add(("celery worker", RELEASE))
    wait_while_running(
        lambda: metadata.sql(database, "SELECT state FROM dag_run") == [("success",)],
        worker,
        *running.values(),
    )
    before: list[RunningComponent] = []

    def all_are_live() -> bool:
        """On a busy machine a component may be late with a heartbeat, so `before` is of a moment without that."""
        before[:] = live(metadata, database)
        return {(component.component, component.image_tag) for component in before} == expected

    wait_while_running(all_are_live, worker, *running.values())
    assert len(before) == len(expected), "the processes of a component count as one"
    assert {component.release for component in before} == {RELEASE}
    worker.kill(signal.SIGKILL)
    running["triggerer"].kill(signal.SIGKILL)
    left = expected - {("celery worker", RELEASE), ("triggerer", "orders:triggerer")}
    wait_while_running(
        lambda: {(component.component, component.image_tag) for component in live(metadata, database)} == left
    )
    assert set(live(metadata, database)) <= set(before), "their start times are unchanged"
    assert not [
        component for component in running.values() if "does not show this component" in component.log
    ]


def test_unwritable_database_is_logged_once(cluster: Cluster, metadata: Postgres, database: str) -> None:
    metadata.sql(database, "CREATE VIEW astro_runtime_state AS SELECT 1 AS kind, 'x' AS name")
    scheduler = cluster.scheduler()
    wait_while_running(lambda: "the Runtime page does not show this component" in scheduler.log, scheduler)
    loops = cluster.metrics.sent["executor.open_slots"]
    wait_while_running(lambda: cluster.metrics.sent["executor.open_slots"] > loops + 10, scheduler)
    assert scheduler.log.count("does not show this component") == 1


def test_missing_right_to_create_the_table_is_logged(
    cluster: Cluster, metadata: Postgres, database: str
) -> None:
    metadata.sql(database, "CREATE ROLE reader LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO reader")
    metadata.sql(database, "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader")
    url = make_url(metadata.url(database)).set(username="reader").render_as_string(hide_password=False)
    triggerer = cluster.run("triggerer", "triggerer", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url)
    wait_while_running(lambda: "does not show this component" in triggerer.log, triggerer)
    (warning,) = [line for line in triggerer.log.splitlines() if "does not show this component" in line]
    assert "the database's user needs the right to create it" in warning
    assert live(metadata, database) == []
