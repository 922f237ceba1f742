"""Each metadata database: migrated by the start, and a DAG run to success; twenty starts at once on an empty one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.image.docker import Container, container, docker, run, until

DAG = """\
from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule="@once", start_date=datetime(2026, 1, 1), is_paused_upon_creation=False)
def once():
    @task
    def say():
        print("said")

    say()


once()
"""
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# A task that LocalExecutor runs before the API server of `standalone` answers asks it again.
EXPECTED = ["Starting call to 'airflow.sdk.api.client.Client.request', this is the \\d"]
DATABASES = {
    "SQLite": [],
    "PostgreSQL": ["--env", f"{CONN}=postgresql+psycopg2://airflow:airflow@postgres/airflow"],
    "MariaDB": ["--env", f"{CONN}=mysql+mysqldb://airflow:airflow@mariadb/airflow"],
}
# 2.11's children that parse DAGs drop the connection pool that they have from their parent. mysqlclient, unlike
# psycopg2, closes the parent's connections with it, and the parent starts anew what was with one ("Lost connection").
LOST = {("2.11", "MariaDB"): [r"scheduler +\| (Traceback|.*ERROR - Exception during reset)"]}
OF_ONCE = {"3.3": ["once"], "2.11": ["--dag-id", "once"]}
SERVERS = {"PostgreSQL": "postgres", "MariaDB": "mariadb"}
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
    docker("build", "--tag", "test-mariadb", "-", stdin=MARIADB, seconds=600)
    options = ["--network", net, "--network-alias", "mariadb"]
    with container("test-mariadb", options=options, expected=None) as server:
        server.until_logged("ready for connections")
        yield server


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    """A folder with a DAG that runs once, readable for the container's user."""
    (tmp_path / "once.py").write_text(DAG)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("database", DATABASES)
def test_a_dag_runs_to_success(
    slim: str, line: str, net: str, dags: Path, database: str, request: pytest.FixtureRequest
) -> None:
    if database in SERVERS:
        request.getfixturevalue(SERVERS[database])
    expected = [*EXPECTED, *LOST.get((line, database), [])]
    mount = ["--network", net, "--volume", f"{dags}:/usr/local/airflow/dags:ro"]
    with container(slim, "standalone", options=[*mount, *DATABASES[database]], expected=expected) as up:
        up.until_healthy()
        until(lambda: states(up, line) == ["success"], up.log)


def states(up: Container, line: str) -> list[str]:
    """Return the state of each run of the DAG; none while Airflow does not know it yet."""
    done = run("exec", up.name, "airflow", "dags", "list-runs", *OF_ONCE[line], "--output", "json")
    return [one["state"] for one in json.loads(done.stdout.splitlines()[-1])] if done.returncode == 0 else []


def test_of_twenty_that_start_at_once_one_migrates_and_all_start(
    slim: str, net: str, postgres: Container
) -> None:
    options = ["--network", net, "--env", "_AIRFLOW_DB_MIGRATE=true", *DATABASES["PostgreSQL"]]
    with ExitStack() as stack:
        twenty = [
            stack.enter_context(container(slim, "bash", "-c", "echo started", options=options))
            for _ in range(20)
        ]
        codes = [one.exit_code() for one in twenty]
        logs = [one.log() for one in twenty]
    assert codes == [0] * 20, next(log for code, log in zip(codes, logs, strict=True) if code)
    assert sum("nothing to migrate" in log for log in logs) == 19
