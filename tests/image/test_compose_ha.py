"""compose.ha.yaml: no task is lost although one container of each kind goes, and Redis and PostgreSQL fail over.

The DAG has a run for each of these, one after another. The tasks of a run wait until its test has done its harm, so
that they run through it; those of the next run start after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import httpx
import pytest

from testing.docker_engine import PATIENCE, Container, docker
from testing.entrypoint_process import CHECKOUT
from testing.waiting import wait_until
from tests.image.compose import Compose, running

TASKS = 4  # of a run
GO = "/usr/local/airflow/logs/go"  # tasks end once the file of this name and their run's day is there
LOSS, REDIS, DATABASE, LAST = 1, 2, 3, 4  # the days of the runs
ONE_OF_EACH = ("web", "scheduler", "dag-processor", "triggerer", "pgbouncer", "sentinel-1")
# A busy machine may take longer than Airflow's second to send a task, and its five for an answer to a task.
CFG = """\
[core]
dags_are_paused_at_creation = False

[celery]
operation_timeout = 60

[workers]
execution_api_timeout = 60
"""
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
    while not Path(f"{GO}-{{context['logical_date'].day}}").exists():
        time.sleep(0.2)


@dag(
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    end_date=datetime(2026, 1, {LAST}),
    catchup=True,
    max_active_runs=1,
)
def shifts():
    work.expand(number=list(range({TASKS})))


shifts()
"""
STATES = (
    "SELECT state, count(*) FROM task_instance WHERE run_id LIKE 'scheduled__2026-01-0{day}%' GROUP BY state"
)
PSQL = 'PGPASSWORD=$(cat /secrets/postgres/airflow) exec psql --username=airflow --csv --tuples-only --command "$0"'
HEALTH = {"3.3": "/api/v2/monitor/health", "2.11": "/health"}


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    folder = tmp_path_factory.mktemp(f"ha-{line}".replace(".", "-"))
    with running(folder, project, line, name="ha", cfg=CFG, dag=DAG, prepare=add_file) as up:
        yield up


def add_file(compose: Compose) -> None:
    """Put compose.ha.yaml over compose.yaml, as its how-to says."""
    shutil.copy(CHECKOUT / "compose.ha.yaml", compose.folder)
    (compose.folder / ".env").write_text("COMPOSE_FILE=compose.yaml:compose.ha.yaml\n")


def query(compose: Compose, server: str, statement: str) -> list[list[str]]:
    """Run a statement on a server of PostgreSQL; return its rows as text."""
    printed = compose("exec", "-T", server, "sh", "-c", PSQL, statement, errors=False)
    return [row.split(",") for row in printed.splitlines()]


def states(compose: Compose, server: str, day: int) -> dict[str, int]:
    """Return how many tasks of a day's run are in each state, as a server of PostgreSQL has it."""
    return {state: int(count) for state, count in query(compose, server, STATES.format(day=day))}


def wait_for_states(compose: Compose, server: str, day: int, state: str) -> None:
    """Wait until all tasks of a day's run are in a state; fail as soon as a task has failed."""
    wait_until(
        lambda: states(compose, server, day) == {state: TASKS},
        lambda: f"{states(compose, server, day)}\n{compose('logs', '--no-color', '--tail', '100')}",
        seconds=PATIENCE,
        pause=1,
        failed=lambda: "failed" in states(compose, server, day),
    )


def release(compose: Compose, day: int) -> None:
    """Let the tasks of a day's run end."""
    docker("exec", compose.containers("worker")[0], "touch", f"{GO}-{day}")


def test_tasks_go_on_although_one_container_of_each_kind_is_lost(compose: Compose, line: str) -> None:
    wait_for_states(compose, "postgres", LOSS, "running")
    lost = [compose.containers(service)[0] for service in ONE_OF_EACH]
    docker("kill", "--signal", "KILL", *lost)
    url = f"http://{compose('port', 'balancer', '8080').strip()}{HEALTH[line]}"
    wait_until(lambda: answers(url), lambda: compose("logs", "balancer"))
    release(compose, LOSS)
    wait_for_states(compose, "postgres", LOSS, "success")
    wait_for_states(compose, "postgres", REDIS, "running")
    docker("start", *lost)


def answers(url: str) -> bool:
    """Whether a server answers that all is well."""
    try:
        return httpx.get(url, timeout=60).is_success
    except httpx.TransportError:
        return False


def test_tasks_go_on_although_redis_fails_over(compose: Compose) -> None:
    compose("kill", "redis")
    wait_until(
        lambda: master(compose) == "redis-standby",
        lambda: compose("logs", "sentinel-2", "sentinel-3"),
        seconds=PATIENCE,
    )
    release(compose, REDIS)
    wait_for_states(compose, "postgres", REDIS, "success")
    wait_for_states(compose, "postgres", DATABASE, "running")
    compose("start", "redis")
    wait_until(
        lambda: is_replicated(compose),
        lambda: compose("logs", "redis", "redis-standby"),
        seconds=PATIENCE,
    )


def master(compose: Compose) -> str:
    """Return the name of the Redis that is the master, as a Sentinel says."""
    words = ["redis-cli", "-p", "26379", "sentinel", "get-master-addr-by-name", "airflow"]
    return compose("exec", "-T", "sentinel-2", *words, errors=False).split()[0]


def is_replicated(compose: Compose) -> bool:
    """Whether `redis` is a linked replica, or, since a busy machine may make it the master again, has one."""
    script = "REDISCLI_AUTH=$(cut -d ' ' -f 2 /secrets/broker/redis.conf) redis-cli info replication"
    lines = compose("exec", "-T", "redis", "sh", "-c", script, check=False).splitlines()
    return "master_link_status:up" in lines or "connected_slaves:1" in lines


def test_tasks_go_on_after_the_standby_of_postgresql_was_promoted(compose: Compose) -> None:
    wait_for_states(compose, "postgres-standby", DATABASE, "running")  # replication is asynchronous
    compose("kill", "postgres")
    compose("stop", "postgres")
    compose("run", "--rm", "--no-TTY", "promote")
    compose("restart", "pgbouncer")
    release(compose, DATABASE)
    wait_for_states(compose, "postgres-standby", DATABASE, "success")
    wait_for_states(compose, "postgres-standby", LAST, "running")
    release(compose, LAST)
    wait_for_states(compose, "postgres-standby", LAST, "success")


def test_old_primary_becomes_the_standby_once_its_data_is_deleted(compose: Compose) -> None:
    compose("up", "--detach", "--no-deps", "postgres")
    refusal = "postgres-standby was promoted while this server was the primary"
    wait_until(lambda: refusal in compose("logs", "postgres"), lambda: compose("logs", "postgres"))
    compose("rm", "--force", "--stop", "postgres")
    docker("volume", "rm", f"{compose.name}_postgres")
    compose("up", "--detach", "--no-deps", "postgres")
    Container(compose.containers("postgres")[0]).wait_until_healthy()
    wait_until(
        lambda: query(compose, "postgres-standby", "SELECT count(*) FROM pg_stat_replication") == [["1"]],
        lambda: compose("logs", "postgres", "postgres-standby"),
    )
