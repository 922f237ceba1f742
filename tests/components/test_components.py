"""Every long-running component records what it runs, in a real installation; a dead one vanishes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.components.shown import Runs, living
from tests.following.cluster import Cluster, cluster, until
from tests.lines import LINE, RELEASE
from tests.servers import Postgres, free_port, redis

TAG = "AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG"
ROWS = "SELECT told, extract(epoch FROM now()) FROM astro_runtime_state WHERE kind = 'component'"
JOBS = ["scheduler", "dag-processor", "triggerer"]
WEB = {"3.3": "api-server", "2.11": "webserver"}[LINE]
# A short silence, so that the test sees a component vanish.
SOON = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "9",
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
}


@pytest.fixture
def database(metadata: Postgres, request: pytest.FixtureRequest) -> str:
    name = str(request.node.name)[:60]
    metadata.create(name, "migrated")
    return name


@pytest.fixture
def made(tmp_path: Path, metadata: Postgres, database: str) -> Iterator[Cluster]:
    (tmp_path / "dags").mkdir()
    with redis() as broker, cluster(tmp_path, metadata.url(database), broker, **SOON) as one:
        yield one


def seen(metadata: Postgres, database: str) -> list[Runs]:
    """Return what lives, as the database tells it by its own clock."""
    try:
        rows = metadata.sql(database, ROWS)
    except psycopg2.errors.UndefinedTable:
        return []
    return living((json.loads(told) for told, _ in rows), float(rows[0][1]) if rows else 0)


def words(component: str) -> list[str]:
    """Return the command line of a component that takes a port which others may want, too."""
    if component != WEB:
        return [component]
    where = {"3.3": ["--host", "127.0.0.1"], "2.11": ["-H", "127.0.0.1"]}[LINE]
    return [WEB, *where, "--port", str(free_port()), "--workers", "2"]


def test_every_component_says_what_it_runs_and_a_dead_one_vanishes(
    made: Cluster, metadata: Postgres, database: str
) -> None:
    tags = {component: f"orders:{component}" for component in (*JOBS, WEB)}
    running = {name: made.run(name, *words(name), **{TAG: tag}) for name, tag in tags.items()}
    worker = made.worker("worker", "-c", "1")
    expected = {*tags.items(), ("celery worker", RELEASE)}
    until(lambda: {one[:3:2] for one in seen(metadata, database)} == expected, worker, *running.values())
    before = seen(metadata, database)
    assert len(before) == len(expected), "the processes of a component count as one"
    assert {one.release for one in before} == {RELEASE}
    worker.kill(signal.SIGKILL)
    running["triggerer"].kill(signal.SIGKILL)
    left = expected - {("celery worker", RELEASE), ("triggerer", tags["triggerer"])}
    until(lambda: {one[:3:2] for one in seen(metadata, database)} == left)
    assert set(seen(metadata, database)) <= set(before), "since when is as it was"
    assert not [one for one in running.values() if "does not show this component" in one.log]


def test_a_database_that_cannot_be_written_is_one_warning(
    made: Cluster, metadata: Postgres, database: str
) -> None:
    metadata.sql(database, "CREATE VIEW astro_runtime_state AS SELECT 1 AS kind, 'x' AS name")
    scheduler = made.scheduler()
    until(lambda: "the Runtime page does not show this component" in scheduler.log, scheduler)
    beats = made.metrics.gauges.get("executor.open_slots")
    assert beats is not None
    assert scheduler.log.count("does not show this component") == 1
