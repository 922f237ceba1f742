"""The health check of jobs with real metadata databases; `airflow jobs check` is the oracle."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem, report
from astro_runtime_plugin.health.hostname import job_hostname
from astro_runtime_plugin.health.settings import read_settings
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, assert_quiet_check, run
from testing.installed_line import LINE
from testing.servers import Postgres, free_port

# Each job's own threshold, long enough for the tests' heartbeats of 500 s ago, which no default allows.
LONG_THRESHOLDS = {
    "scheduler": {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "1000"},
    "triggerer": {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "1000"},
    "dag-processor": {
        "3.3": {"AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": "1000"},
        "2.11": {"AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "400"},  # a heartbeat may be 2.1 times as old
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
TOO_OLD = re.compile(
    r"the last heartbeat of this host's \w+Job is (?P<age>\d+) s old; at most (?P<max_age>\d+) s is allowed"
)
CALLABLES = ("airflow.utils.net.getfqdn", "airflow.utils.net.get_host_ip_address", "socket.gethostname")
# Airflow's own model writes the rows, as its components do.
WRITE = """
import json, os, sys
from datetime import datetime, timedelta, timezone
from airflow.jobs.job import Job
from airflow.utils.net import get_hostname
from sqlalchemy import create_engine

def row(kind, state, host, age):
    heartbeat = datetime.now(timezone.utc) - timedelta(seconds=age)
    return dict(job_type=kind, state=state, hostname=host or get_hostname(), latest_heartbeat=heartbeat)

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


@pytest.fixture(autouse=True)
def unchanged_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check adds the operator's folders to the path; another test has others."""
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture(scope="module")
def databases(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of SQLite databases with Airflow's jobs, and in hostnames.json Airflow's names of this host.

    One more database is a PostgreSQL that returns times in its own time zone.
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


@pytest.mark.parametrize(("long", "code"), [(True, 0), (False, 1)], ids=["fresh", "old"])
def test_scheduler_is_as_healthy_as_for_airflow(databases: Path, long: bool, code: int) -> None:
    """The oracle is `airflow jobs check` for the same heartbeat of 500 s ago, in a time zone that is not UTC."""
    threshold = LONG_THRESHOLDS["scheduler"] if long else {}
    environ = {**sqlite(databases, "running"), **threshold, "TZ": "Asia/Tokyo"}
    oracle = ("airflow", "jobs", "check", "--local", "--job-type", "SchedulerJob")
    assert run(databases, *oracle, environ=environ).returncode == code
    message, packages = assert_quiet_check(databases, "scheduler", environ=environ)
    assert bool(message) == bool(code)
    assert packages & {"airflow", "celery"} == set()
    assert "sqlalchemy" in packages


@pytest.mark.parametrize("component", LONG_THRESHOLDS)
def test_each_job_has_its_own_threshold(databases: Path, component: str) -> None:
    environ = environment(databases, sqlite(databases, "running"))
    others = {
        variable: value
        for name, threshold in LONG_THRESHOLDS.items()
        if name != component
        for variable, value in threshold.items()
    }
    assert problem({**environ, **LONG_THRESHOLDS[component]}, (component,)) is None
    match = TOO_OLD.fullmatch(str(problem({**environ, **others}, (component,))))
    assert match
    assert match["max_age"] == {("2.11", "dag-processor"): "10"}.get((LINE, component), "30")
    assert int(match["age"]) >= 500


@pytest.mark.parametrize("name", ["elsewhere", "ended", "empty"])
def test_job_of_another_host_and_ended_job_are_ignored(databases: Path, name: str) -> None:
    environ = environment(databases, {**sqlite(databases, name), **LONG_THRESHOLDS["scheduler"]})
    message = problem(environ, ("scheduler",))
    assert message == "the metadata database has no running SchedulerJob for this host"


def test_latest_heartbeat_of_several_jobs_counts(databases: Path) -> None:
    environ = environment(databases, {**sqlite(databases, "restarted"), **LONG_THRESHOLDS["scheduler"]})
    assert problem(environ, ("scheduler",)) is None


@pytest.mark.parametrize("path", CALLABLES)
def test_hostname_is_the_one_that_airflow_uses(databases: Path, path: str) -> None:
    environ = environment(databases, {"AIRFLOW__CORE__HOSTNAME_CALLABLE": path})
    assert (
        job_hostname(read_settings(environ, ()))
        == json.loads((databases / "hostnames.json").read_text())[path]
    )


def test_every_host_counts_if_only_airflow_knows_the_hostname(databases: Path) -> None:
    environ = {**sqlite(databases, "elsewhere"), "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow.custom.name"}
    assert (
        problem(environment(databases, {**environ, **LONG_THRESHOLDS["scheduler"]}), ("scheduler",)) is None
    )


def test_postgresql_may_return_times_in_its_own_time_zone(server: Postgres, databases: Path) -> None:
    environ = environment(
        databases, database_environ(server.url("beats").replace("postgresql+psycopg2", "postgres"))
    )
    assert problem({**environ, **LONG_THRESHOLDS["scheduler"]}, ("scheduler",)) is None
    assert TOO_OLD.fullmatch(str(problem(environ, ("scheduler",))))


def test_threshold_must_be_a_number(databases: Path) -> None:
    invalid = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "soon"}
    message = problem(environment(databases, {**sqlite(databases, "running"), **invalid}), ("scheduler",))
    assert message == "[scheduler] scheduler_health_check_threshold holds 'soon'; it must be a number"


@pytest.mark.parametrize(
    ("url", "problem_text"),
    [
        (
            "postgresql+psycopg2://me:{}@127.0.0.1:{}/airflow",
            "could not query the metadata database at 127.0.0.1:{}: OperationalError",
        ),
        (
            "postgresql://me:{}@127.0.0.1:{}x/airflow",
            "sql_alchemy_conn holds an invalid value (hidden); it must be the URL of a database",
        ),
        (
            "me:{}@127.0.0.1:{}/airflow",
            "sql_alchemy_conn holds an invalid value (hidden); it must be the URL of a database",
        ),
        (
            "nosuch://me:{}@127.0.0.1:{}/airflow",
            "could not query the metadata database at 127.0.0.1:{}: NoSuchModuleError",
        ),
    ],
)
def test_unreachable_database_does_not_reveal_the_password(
    tmp_path: Path, url: str, problem_text: str
) -> None:
    port = free_port()
    message, packages = assert_quiet_check(
        tmp_path, "scheduler", environ=database_environ(url.format(PASSWORD, port))
    )
    assert problem_text.format(port) in message
    assert "airflow" not in packages


def test_component_is_healthy_if_only_the_secrets_backend_has_the_url(
    tmp_path: Path,
) -> None:
    environ = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "some/where"}
    assert problem(environment(tmp_path, environ), ("triggerer",)) is None


def test_default_database_is_airflows_sqlite(databases: Path, tmp_path: Path) -> None:
    (tmp_path / "airflow.db").write_bytes((databases / "running.db").read_bytes())
    assert problem(environment(tmp_path, LONG_THRESHOLDS["scheduler"]), ("scheduler",)) is None


def test_schema_and_connect_arguments_are_used(databases: Path, server: Postgres, tmp_path: Path) -> None:
    url = server.create("in_schema", "beats")
    server.sql("in_schema", "CREATE SCHEMA air; ALTER TABLE job SET SCHEMA air")
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "our_arguments.py").write_text(f"ARGUMENTS = {{'password': {password!r}}}\n")
    environ = {
        **database_environ(url.replace(password, "wrong") if password else url),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA": "air",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "our_arguments.ARGUMENTS",
    }
    assert (
        assert_quiet_check(tmp_path, "scheduler", environ={**environ, **LONG_THRESHOLDS["scheduler"]})[0]
        == ""
    )


def test_custom_hostname_callable_is_called(databases: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "our_host.py").write_text("def name() -> str:\n    return 'elsewhere'\n")
    environ = {**sqlite(databases, "elsewhere"), "AIRFLOW__CORE__HOSTNAME_CALLABLE": "our_host.name"}
    assert (
        assert_quiet_check(tmp_path, "scheduler", environ={**environ, **LONG_THRESHOLDS["scheduler"]})[0]
        == ""
    )


# What an operator writes for tokens that expire: here the "token" is the server's port.
LISTENER = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "do_connect")
def put_token_in(dialect, record, words, options):
    if dialect.name == "postgresql":
        options["port"] = {port}
"""


@pytest.mark.parametrize(
    ("port", "expected"),
    [(None, None), (1, "could not query the metadata database at 127.0.0.1:1: OperationalError")],
    ids=["token", "wrong token"],
)
def test_credentials_that_only_airflow_can_make_are_used(
    server: Postgres, databases: Path, tmp_path: Path, port: int | None, expected: str | None
) -> None:
    (tmp_path / "config").mkdir()
    listener = LISTENER.format(port=port or server.port)
    (tmp_path / "config" / "airflow_local_settings.py").write_text(listener)
    (tmp_path / "airflow.cfg").touch()
    url = server.url("beats").replace(f":{server.port}/", ":1/")
    environ = {**database_environ(url), **LONG_THRESHOLDS["scheduler"]}
    message, packages = assert_quiet_check(tmp_path, "scheduler", environ=environ)
    assert message == (expected or "")
    assert "airflow" not in packages
    if not expected:
        short = environment(tmp_path, database_environ(url))
        assert TOO_OLD.fullmatch(str(problem(short, ("scheduler",))))


def test_local_settings_cost_nothing_if_the_database_answers(databases: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "airflow_local_settings.py").write_text("raise SystemExit('imported')\n")
    environ = {**sqlite(databases, "running"), **LONG_THRESHOLDS["scheduler"]}
    assert report(environment(tmp_path, environ), ("scheduler",)) == (True, "")


def test_health_is_unknown_if_airflow_cannot_be_asked(server: Postgres, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "airflow_local_settings.py").write_text("raise SystemExit('broken')\n")
    url = server.url("beats").replace(f":{server.port}/", ":1/")
    healthy, message = report(environment(tmp_path, database_environ(url)), ("scheduler",))
    assert healthy
    assert message.startswith("healthy, cannot tell: only Airflow can connect to the metadata database")
