"""In a real installation, every long-running component records what it runs; a dead one vanishes.

`astro-runtime check --cluster` judges the same installation, since it takes long to start.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from astro_runtime_plugin.inventory.listing import ComponentRow, RunningComponent, live_components
from entrypoint.errors import NOT_SAFE
from testing.celery_cluster import BIN, Cluster, Component, run_cluster, wait_while_running
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
    idle.override(task_id="busy")()

inventory()
"""
HEALTH_CHECKS = (
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD",
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD",
)
# Short thresholds, so that the test sees a component vanish.
THRESHOLDS = {
    **dict.fromkeys(HEALTH_CHECKS, "9"),
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
    "AIRFLOW__KERBEROS__KINIT_PATH": "true",
    "AIRFLOW__KERBEROS__CCACHE": "/dev/null",
}


# A worker of another image. On Airflow 3 it has no database, so that its reply alone says so.
NEWER = {TAG: "orders:8"} | (
    {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/unused.db"} if LINE == "3.3" else {}
)
WORKERS = f"worker@HOST with {RELEASE}; newer@HOST with orders:8 (release {RELEASE})"
RECORDED = f"celery worker: 1 with {RELEASE}, 1 with orders:8 (release {RELEASE})"
TWO_IMAGES: dict[str, list[str]] = {"3.3": {}, "2.11": {"images": [RECORDED]}}[LINE]
# A task that a dead scheduler has queued, for a queue without a worker, and one that runs on a worker that answers
# nobody; and a revision that no image knows.
LEAVE_TASKS = """
WITH dead AS (
    INSERT INTO job (job_type, state, hostname, latest_heartbeat)
    VALUES ('SchedulerJob', 'failed', 'gone', now()) RETURNING id
)
UPDATE task_instance SET state = 'queued', queue = 'gpu', queued_dttm = now() - interval '5 minutes',
    queued_by_job_id = (SELECT id FROM dead), external_executor_id = 'unknown'
"""
RUN_TASK = "UPDATE task_instance SET state = 'running', hostname = 'gone' WHERE task_id = 'busy'"
REVIVE_RUN = "UPDATE dag_run SET state = 'running'"
ORPHANS = "from astro_runtime_plugin.cluster.readings import count_orphans; print(count_orphans())"
# On Airflow 3 FAB's tables have revisions of their own.
MIGRATED_TABLE = {"3.3": "alembic_version_fab", "2.11": "alembic_version"}[LINE]
MIGRATE = f"UPDATE {MIGRATED_TABLE} SET version_num = 'newer'"
OLDER_REVISION = {"3.3": "6709f7a774b9", "2.11": "22ed7efa9da2"}[LINE]
DOWNGRADE = f"UPDATE {MIGRATED_TABLE} SET version_num = '{OLDER_REVISION}'"


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


def check_cluster(cluster: Cluster) -> tuple[int, dict[str, list[str]]]:
    """Return the exit code of `astro-runtime check --cluster`, and what each check has found that is not ok."""
    done = cluster.execute(str(BIN / "astro-runtime"), "check", "--cluster", "--json")
    findings: dict[str, list[str]] = {}
    for row in json.loads(done.stdout):
        if row["state"] != "ok":
            text = re.sub(r"up to \d+ s", "up to N s", row["finding"])
            text = re.sub(r"(worker|newer)@\S+", r"\1@HOST", text)
            findings.setdefault(row["check"], []).append(text)
    return done.returncode, findings


@pytest.mark.timeout(1800)  # it waits several times
def test_every_component_is_recorded_until_it_dies(
    cluster: Cluster, metadata: Postgres, database: str
) -> None:
    # Each heartbeat, which is due every 5 s, may be late on a busy machine: else hardly ever are all of them in time.
    cluster.environ |= dict.fromkeys(HEALTH_CHECKS, "20")
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
    mixed = ", ".join(f"1 with orders:{name} (release {RELEASE})" for name in ("api-server", FOR_TASKS))
    problems = {"3.3": {"images": [f"api-server: {mixed}"]}, "2.11": {}}[LINE]
    # On a busy machine a heartbeat may be late at one moment.
    safe = (NOT_SAFE if problems else 0, problems)
    wait_while_running(lambda: check_cluster(cluster) == safe, worker, *running.values())
    newer = cluster.run(
        "newer", "celery", "worker", "--skip-serve-logs", "-H", "newer@%h", "-c", "1", **NEWER
    )
    two_images = {**problems, **TWO_IMAGES, "workers": [f"different images take tasks of default: {WORKERS}"]}
    wait_while_running(
        lambda: check_cluster(cluster) == (NOT_SAFE, two_images), newer, worker, *running.values()
    )
    newer.kill(signal.SIGKILL)
    worker.kill(signal.SIGKILL)
    killed = ("triggerer", "scheduler")
    for name in killed:
        running[name].kill(signal.SIGKILL)
    left = expected - {("celery worker", RELEASE), *((name, f"orders:{name}") for name in killed)}
    wait_while_running(
        lambda: {(component.component, component.image_tag) for component in live(metadata, database)} == left
    )
    assert set(live(metadata, database)) <= set(before), "their start times are unchanged"
    for statement in (LEAVE_TASKS, RUN_TASK, MIGRATE):
        metadata.sql(database, statement)
    orphans = cluster.execute(sys.executable, "-c", ORPHANS).stdout.split()[-1]
    assert orphans == "0", "nobody takes over the tasks of a run that has ended"
    metadata.sql(database, REVIVE_RUN)
    problems |= {
        "migration": [
            "the database has a revision that this image does not know: a newer image has migrated it"
        ],
        "components": ["no scheduler is alive", "no triggerer is alive"],
        "orphaned tasks": ["tasks of a scheduler that is gone: 2"],
        "workers": [
            "no celery worker answers",
            "tasks that run on workers that do not answer: 1 (gone)",
        ],
        "queues": ["tasks in the queue gpu: 1, waiting for up to N s; no worker takes tasks from it"],
    }
    wait_while_running(lambda: check_cluster(cluster) == (NOT_SAFE, problems))
    metadata.sql(database, DOWNGRADE)
    problems["migration"] = ["a migration is pending: the database has an older revision than this image"]
    wait_while_running(lambda: check_cluster(cluster) == (NOT_SAFE, problems))
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
