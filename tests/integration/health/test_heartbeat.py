"""The health check of jobs, asked of real metadata databases, with `airflow jobs check` as oracle."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem
from astro_runtime_plugin.health.heartbeat import hostname
from astro_runtime_plugin.health.settings import read_settings
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, checked, run
from testing.installed_line import LINE
from testing.servers import Postgres, free_port

# Each job's own threshold; the heartbeats of the tests are 500 s old, which no default lets pass.
PATIENT = {
    "scheduler": {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "1000"},
    "triggerer": {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "1000"},
    "dag-processor": {
        "3.3": {"AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "1000"},
        "2.11": {"AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "400"},  # it may be 2.1 times as old
    }[LINE],
}
# The jobs of each database: type, state, host (this one where it is None), age of the heartbeat in seconds.
BEATS = {
    "running": [(f"{name}Job", "running", None, 500) for name in ("Scheduler", "Triggerer", "DagProcessor")],
    "elsewhere": [("SchedulerJob", "running", "elsewhere", 0), ("TriggererJob", "running", None, 0)],
    "ended": [("SchedulerJob", "success", None, 0)],
    "restarted": [("SchedulerJob", "running", None, age) for age in (5000, 500, 5001)],
    "empty": [],
}
LATE = re.compile(r"the \w+Job of this host beat last (?P<age>\d+) s ago; (?P<most>\d+) s may pass")
CALLABLES = ("airflow.utils.net.getfqdn", "airflow.utils.net.get_host_ip_address", "socket.gethostname")
# Airflow's own model writes the rows, so that they stand in the database as its components write them.
WRITE = """
import json, os, sys
from datetime import datetime, timedelta, timezone
from airflow.jobs.job import Job
from airflow.utils.net import get_hostname
from sqlalchemy import create_engine

def row(kind, state, host, age):
    beat = datetime.now(timezone.utc) - timedelta(seconds=age)
    return dict(job_type=kind, state=state, hostname=host or get_hostname(), latest_heartbeat=beat)

def name(path):
    os.environ["AIRFLOW__CORE__HOSTNAME_CALLABLE"] = path
    return get_hostname()

databases, callables = map(json.loads, sys.argv[1:])
for url, jobs in databases.items():
    with create_engine(url).begin() as connection:
        Job.__table__.create(connection)
        for job in jobs:
            connection.execute(Job.__table__.insert(), [row(*job)])
print(json.dumps({path: name(path) for path in callables}))
"""


@pytest.fixture(scope="module")
def databases(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of SQLite databases with Airflow's jobs, and in hostnames.json what Airflow calls this host.

    One more is a PostgreSQL that tells times in its own time zone.
    """
    home = tmp_path_factory.mktemp("databases")
    (home / "airflow.cfg").touch()
    rows = {sqlite(home, name)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]: jobs for name, jobs in BEATS.items()}
    rows[server.create("beats")] = BEATS["running"]
    server.sql("postgres", "ALTER DATABASE beats SET timezone TO 'Asia/Tokyo'")
    done = run(home, sys.executable, "-c", WRITE, json.dumps(rows), json.dumps(CALLABLES), environ={})
    assert done.returncode == 0, done.stderr
    (home / "hostnames.json").write_text(done.stdout.splitlines()[-1])
    return home


def sqlite(home: Path, name: str) -> dict[str, str]:
    return database_environ(f"sqlite:///{home}/{name}.db")


@pytest.mark.parametrize(("patient", "code"), [(True, 0), (False, 1)], ids=["fresh", "old"])
def test_a_scheduler_is_as_healthy_as_airflow_says(databases: Path, patient: bool, code: int) -> None:
    """The oracle: `airflow jobs check`, at the same heartbeat of 500 s ago, in a time zone that is not UTC."""
    told = {**sqlite(databases, "running"), **(PATIENT["scheduler"] if patient else {}), "TZ": "Asia/Tokyo"}
    asked = ("airflow", "jobs", "check", "--local", "--job-type", "SchedulerJob")
    assert run(databases, *asked, environ=told).returncode == code
    found, packages = checked(databases, "scheduler", environ=told)
    assert bool(found) == bool(code)
    assert packages & {"airflow", "celery"} == set()
    assert "sqlalchemy" in packages


@pytest.mark.parametrize("component", PATIENT)
def test_each_job_has_a_threshold_of_its_own(databases: Path, component: str) -> None:
    told = environment(databases, sqlite(databases, "running"))
    others = [pair for name in PATIENT if name != component for pair in PATIENT[name].items()]
    assert problem({**told, **PATIENT[component]}, (component,)) is None
    late = LATE.fullmatch(str(problem({**told, **dict(others)}, (component,))))
    assert late
    assert late["most"] == {("2.11", "dag-processor"): "10"}.get((LINE, component), "30")
    assert int(late["age"]) >= 500


@pytest.mark.parametrize("name", ["elsewhere", "ended", "empty"])
def test_a_job_of_another_host_or_one_that_has_ended_does_not_count(databases: Path, name: str) -> None:
    found = problem(
        environment(databases, {**sqlite(databases, name), **PATIENT["scheduler"]}), ("scheduler",)
    )
    assert found == "no SchedulerJob runs on this host, says the metadata database"


def test_of_several_jobs_the_latest_heartbeat_counts(databases: Path) -> None:
    told = environment(databases, {**sqlite(databases, "restarted"), **PATIENT["scheduler"]})
    assert problem(told, ("scheduler",)) is None


@pytest.mark.parametrize("path", CALLABLES)
def test_this_host_has_the_name_that_airflow_gives_it(databases: Path, path: str) -> None:
    told = environment(databases, {"AIRFLOW__CORE__HOSTNAME_CALLABLE": path})
    assert hostname(read_settings(told, ())) == json.loads((databases / "hostnames.json").read_text())[path]


def test_where_only_airflow_can_tell_the_host_every_host_counts(databases: Path) -> None:
    told = {**sqlite(databases, "elsewhere"), "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow.my.own"}
    assert problem(environment(databases, {**told, **PATIENT["scheduler"]}), ("scheduler",)) is None


def test_a_postgresql_that_tells_times_in_its_own_time_zone(server: Postgres, databases: Path) -> None:
    told = environment(
        databases, database_environ(server.url("beats").replace("postgresql+psycopg2", "postgres"))
    )
    assert problem({**told, **PATIENT["scheduler"]}, ("scheduler",)) is None
    assert LATE.fullmatch(str(problem(told, ("scheduler",))))


def test_a_threshold_that_is_no_number(databases: Path) -> None:
    wrong = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "soon"}
    found = problem(environment(databases, {**sqlite(databases, "running"), **wrong}), ("scheduler",))
    assert found == "[scheduler] scheduler_health_check_threshold holds 'soon'; it must be a number"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg2://me:{}@127.0.0.1:{}/airflow", "cannot be asked: OperationalError"),
        ("postgresql://me:{}@127.0.0.1:{}x/airflow", "is no URL of a database (it is not shown)"),
        ("me:{}@127.0.0.1:{}/airflow", "is no URL of a database (it is not shown)"),
        ("nosuch://me:{}@127.0.0.1:{}/airflow", "cannot be asked: NoSuchModuleError"),
    ],
)
def test_a_database_out_of_reach_gives_no_password_away(tmp_path: Path, url: str, said: str) -> None:
    found, packages = checked(
        tmp_path, "scheduler", environ=database_environ(url.format(PASSWORD, free_port()))
    )
    assert said in found
    assert "airflow" not in packages


def test_what_only_the_secrets_backend_knows_is_no_reason_to_call_a_component_unhealthy(
    tmp_path: Path,
) -> None:
    told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "some/where"}
    assert problem(environment(tmp_path, told), ("triggerer",)) is None


def test_without_a_url_the_database_is_airflows_own_sqlite(databases: Path, tmp_path: Path) -> None:
    (tmp_path / "airflow.db").write_bytes((databases / "running.db").read_bytes())
    assert problem(environment(tmp_path, PATIENT["scheduler"]), ("scheduler",)) is None


def test_a_schema_for_airflows_tables_and_arguments_of_the_operators_own(
    databases: Path, server: Postgres, tmp_path: Path
) -> None:
    url = server.create("in_schema", "beats")
    server.sql("in_schema", "CREATE SCHEMA air; ALTER TABLE job SET SCHEMA air")
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "our_arguments.py").write_text(f"ARGUMENTS = {{'password': {password!r}}}\n")
    told = {
        **database_environ(url.replace(password, "wrong") if password else url),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA": "air",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "our_arguments.ARGUMENTS",
    }
    assert checked(tmp_path, "scheduler", environ={**told, **PATIENT["scheduler"]})[0] == ""


def test_a_hostname_callable_of_the_operators_own(databases: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "our_host.py").write_text("def name() -> str:\n    return 'elsewhere'\n")
    told = {**sqlite(databases, "elsewhere"), "AIRFLOW__CORE__HOSTNAME_CALLABLE": "our_host.name"}
    assert checked(tmp_path, "scheduler", environ={**told, **PATIENT["scheduler"]})[0] == ""
