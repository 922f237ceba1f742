"""compose.yaml with Airflow's own time-outs: a part of the system goes away for a while, and no task is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from testing.docker_engine import PATIENCE, docker
from testing.waiting import wait_until
from tests.image.compose import Compose, running

TASKS, RUNNING = 40, 10  # tasks of a run, and how many of them run when the outage begins
# By service: the seconds for which it is away. Each has a run of its own; one run begins when the previous has ended.
OUTAGES = {"scheduler": 0, "redis": 20, "postgres": 40, "web": 75}
GO = "/usr/local/airflow/logs/go"  # tasks wait for the file of this name and their run's
CFG = f"[core]\nmax_active_tasks_per_dag = {TASKS}\n\n[celery]\nworker_concurrency = {TASKS // 2}\n"
DAG = f"""\
import time
from datetime import datetime
from pathlib import Path

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@task(retries=0)
def work(number, **context):
    while not Path("{GO}-" + context["run_id"]).exists():
        time.sleep(0.2)
    time.sleep(15)


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def shift():
    work.expand(number=list(range({TASKS})))


shift()
"""
STATES = "SELECT state, count(*) FROM task_instance WHERE run_id = '{run}' GROUP BY state"


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    folder = tmp_path_factory.mktemp(f"outages-{line}".replace(".", "-"))
    with running(folder, project, line, name="outages", cfg=CFG, dag=DAG) as up:
        up.wait_for_dag("shift")
        triggers = (f"airflow dags trigger --run-id {service} shift" for service in OUTAGES)
        script = " && ".join(("airflow dags unpause shift", *triggers))
        up("exec", "-T", "dag-processor", "bash", "-c", script)
        yield up


@contextmanager
def absent(compose: Compose, service: str) -> Iterator[None]:
    """Kill a service's container, and start it again at the end."""
    (container,) = compose.containers(service)
    docker("kill", "--signal", "KILL", container)
    yield
    docker("start", container)


@pytest.mark.parametrize("service", OUTAGES)
def test_all_tasks_succeed_although_a_part_was_away(compose: Compose, service: str) -> None:
    def describe() -> str:
        return f"{states(compose, service)}\n{compose('logs', '--no-color', '--tail', '200')}"

    wait_until(
        lambda: states(compose, service).get("running", 0) >= RUNNING, describe, seconds=PATIENCE, pause=1
    )
    compose("exec", "-T", "dag-processor", "touch", f"{GO}-{service}")
    with absent(compose, service):
        time.sleep(OUTAGES[service])
    wait_until(lambda: "accepting" in compose("exec", "-T", "postgres", "pg_isready", check=False))
    wait_until(lambda: not unfinished(compose, service), describe, seconds=PATIENCE, pause=1)
    assert states(compose, service) == {"success": TASKS}, describe()


def states(compose: Compose, run: str) -> dict[str, int]:
    """Return how many tasks of a run are in each state."""
    return {state: int(count) for state, count in compose.sql(STATES.format(run=run))}


def unfinished(compose: Compose, run: str) -> bool:
    """Whether a run has not ended."""
    states = f"SELECT state FROM dag_run WHERE run_id = '{run}'"
    return compose.sql(states)[0][0] in ("queued", "running")
