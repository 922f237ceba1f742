"""SQLite and MariaDB: migrated at the start, and a DAG that succeeds; twenty starts at once on an empty PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testing.docker_engine import (
    PATIENCE,
    Container,
    assert_container_runs_cleanly,
    docker,
    once,
    run,
    run_container,
)
from testing.waiting import wait_until

DAG = """\
from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule="@once", start_date=datetime(2026, 1, 1), is_paused_upon_creation=False)
def once():
    @task
    def hello():
        print("hello")

    hello()


once()
"""
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# LocalExecutor may run a task before the API server of `standalone` answers; the task repeats its request.
EXPECTED = [
    "Starting call to 'airflow.sdk.api.client.Client.request', this is the \\d",
    r"astro-runtime: the API server is away \((ConnectError|ReadTimeout)\); a request is repeated",
]
DATABASES = {
    "SQLite": [],
    "PostgreSQL": ["--env", f"{CONN}=postgresql+psycopg2://airflow:airflow@postgres/airflow"],
    "MariaDB": ["--env", f"{CONN}=mysql+mysqldb://airflow:airflow@mariadb/airflow"],
}
DAG_ARGUMENT = {"3.3": ["once"], "2.11": ["--dag-id", "once"]}
# The child ends while the parent uses a connection that was idle when it forked.
FORK = """
import os, sys
reading, writing = os.pipe()
os.register_at_fork(after_in_child=lambda: os.read(reading, 1))
from airflow.settings import engine
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

def query(connection):
    return connection.execute(text("SELECT CONNECTION_ID()")).scalar()

with engine.connect() as connection:
    before = query(connection)
child = os.fork()
if not child:
    sys.exit()
with engine.connect() as connection:
    assert query(connection) == before
    os.write(writing, b".")
    os.waitpid(child, 0)
    try:
        print("kept" if query(connection) == before else "another", flush=True)
    except OperationalError:
        print("lost", flush=True)
os._exit(0)  # a lost connection cannot be closed
"""
MARIADB = """\
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends mariadb-server && rm -rf /var/lib/apt/lists/*
RUN printf '%s\\n' "CREATE DATABASE airflow CHARACTER SET utf8mb4;" "CREATE USER airflow IDENTIFIED BY 'airflow';" \
  "GRANT ALL ON airflow.* TO airflow;" >/init.sql && mkdir -p /run/mysqld && chown mysql /run/mysqld
CMD ["mariadbd", "--user=mysql", "--bind-address=0.0.0.0", "--init-file=/init.sql", "--explicit-defaults-for-timestamp"]
"""


@pytest.fixture
def mariadb(net: str) -> Iterator[Container]:
    """MariaDB on the test's network, as `mariadb`, with an empty database `airflow`."""
    docker("build", "--tag", "test-mariadb", "-", stdin=MARIADB)
    options = ["--network", net, "--network-alias", "mariadb"]
    with run_container("test-mariadb", options=options) as server:
        server.wait_until_logged("ready for connections")
        yield server


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    """A folder with a DAG that runs once, readable by the container's user."""
    (tmp_path / "once.py").write_text(DAG)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("database", ["SQLite", "MariaDB"])  # compose.yaml's tests have PostgreSQL
def test_dag_succeeds(
    slim: str, line: str, net: str, dags: Path, database: str, request: pytest.FixtureRequest
) -> None:
    if database == "MariaDB":
        request.getfixturevalue("mariadb")
    mount = ["--network", net, "--volume", f"{dags}:/usr/local/airflow/dags:ro"]
    with assert_container_runs_cleanly(
        slim, "standalone", options=[*mount, *DATABASES[database]], expected=EXPECTED
    ) as up:
        up.wait_until_healthy()
        wait_until(lambda: run_states(up, line) == ["success"], up.log, seconds=PATIENCE)


def run_states(up: Container, line: str) -> list[str]:
    """Return the state of each run of the DAG; none before Airflow has parsed it, and created the run."""
    done = run("exec", up.name, "airflow", "dags", "list-runs", *DAG_ARGUMENT[line], "--output", "json")
    lists = [text for text in done.stdout.splitlines() if text.startswith("[{")]  # else "No data found"
    return [row["state"] for row in json.loads(lists[-1])] if lists else []


@pytest.mark.usefixtures("mariadb")
@pytest.mark.parametrize(("fixes", "outcome"), {"none": "lost", "all": "kept"}.items())
def test_ended_child_leaves_the_connection_of_its_parent_open(
    slim: str, net: str, fixes: str, outcome: str
) -> None:
    options = ["--network", net, *DATABASES["MariaDB"], "--env", f"AIRFLOW__ASTRO_RUNTIME__FIXES={fixes}"]
    done = once(slim, "python", "-c", FORK, options=options)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, [outcome]), done


def test_one_of_twenty_simultaneous_starts_migrates_and_all_succeed(
    slim: str, net: str, postgres: Container
) -> None:
    options = ["--network", net, "--env", "_AIRFLOW_DB_MIGRATE=true", *DATABASES["PostgreSQL"]]
    with ExitStack() as stack:
        containers = [
            stack.enter_context(
                assert_container_runs_cleanly(slim, "bash", "-c", "echo started", options=options)
            )
            for _ in range(20)
        ]
        codes = [item.exit_code() for item in containers]
        logs = [item.log() for item in containers]
    assert codes == [0] * 20, next(log for code, log in zip(codes, logs, strict=True) if code)
    assert sum("nothing to migrate" in log for log in logs) == 19
