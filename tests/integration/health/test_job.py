"""The health check of jobs with real metadata databases; `airflow jobs check` is the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem
from astro_runtime_plugin.health.hostname import job_hostname
from astro_runtime_plugin.health.settings import read_settings
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, assert_quiet_check, run
from testing.installed_line import LINE
from testing.job_databases import CALLABLES, LONG_THRESHOLDS, TOO_OLD, sqlite
from testing.servers import Postgres, free_port

pytestmark = pytest.mark.usefixtures("unchanged_path")


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
