"""The health check of jobs where only Airflow knows how to reach the database, or what the host is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem, report
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import assert_quiet_check
from testing.job_databases import LONG_THRESHOLDS, TOO_OLD, sqlite
from testing.servers import Postgres

pytestmark = pytest.mark.usefixtures("unchanged_path")


def test_component_is_healthy_if_only_the_secrets_backend_has_the_url(
    tmp_path: Path,
) -> None:
    environ = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "some/where"}
    assert problem(environment(tmp_path, environ), ("triggerer",)) is None


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
