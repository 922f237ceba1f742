"""Where the start finds the address of what it waits for: in URLs, commands, secrets and other programs' variables."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from testing.awaited_servers import PASSWORD, PATIENT, QUICK, broker, database
from testing.entrypoint_process import start

DEFAULT_CONFIG = "airflow.providers.celery.executors.default_celery.DEFAULT_CELERY_CONFIG"


@pytest.mark.parametrize("source", ["environment", "airflow.cfg"])
def test_url_comes_from_command(tmp_path: Path, component: dict[str, str], port: int, source: str) -> None:
    command = f"echo {database(port)}"
    environ = {**component, **QUICK}
    if source == "environment":
        environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"] = command
    else:
        (tmp_path / "airflow.cfg").write_text(f"[database]\nsql_alchemy_conn_cmd = {command}\n")
    result = start(tmp_path, "scheduler", environ=environ)
    assert result.returncode == 75
    assert f"127.0.0.1:{port}" in result.stderr
    assert PASSWORD not in result.stderr


@pytest.mark.parametrize(
    ("command", "message"),
    [("sh -c 'echo oops; exit 3'", "failed with exit code 3"), ("/no/such/program", "No such file")],
)
def test_failed_url_command_stops_start(
    tmp_path: Path, component: dict[str, str], command: str, message: str
) -> None:
    result = start(
        tmp_path, "scheduler", environ={**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command}
    )
    assert result.returncode == 78
    assert message in result.stderr
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD" in result.stderr
    assert "started" not in result.stdout


def test_url_in_secrets_backend_is_not_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "path/in/the/backend"}
    result = start(tmp_path, "scheduler", environ={**component, **overrides})
    assert result.stdout == "started scheduler\n"
    assert (
        result.stderr.count("not waiting for the metadata database: only the secrets backend has its URL")
        == 1
    )


CUSTOM = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "my.config.CELERY",
}


def test_broker_that_only_python_knows_is_not_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    result = start(tmp_path, "celery", "worker", "--help", environ={**component, **CUSTOM})
    assert result.returncode == 0
    result = start(tmp_path, "celery", "flower", environ={**component, **PATIENT, **CUSTOM})
    assert result.stdout == "started celery flower\n"
    assert result.stderr.count("not waiting for the broker: only the Python object has its URL") == 1


def test_broker_beside_python_object_is_awaited_for_its_port_only(
    tmp_path: Path, component: dict[str, str], port: int
) -> None:
    environ = {**component, **CUSTOM, "AIRFLOW__CELERY__BROKER_URL": broker(port)}
    assert start(tmp_path, "celery", "flower", environ={**environ, **QUICK}).returncode == 75
    with socket.create_server(("127.0.0.1", port)):
        result = start(tmp_path, "celery", "flower", environ={**environ, **PATIENT})
    assert result.stdout == "started celery flower\n"


def test_broker_of_extra_celery_config_is_awaited(
    tmp_path: Path, component: dict[str, str], port: int, listening: int
) -> None:
    extra = {"AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": json.dumps({"broker_url": broker(port)})}
    default = {
        "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": f"{DEFAULT_CONFIG}",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    url = {"AIRFLOW__CELERY__BROKER_URL": broker(listening)}
    result = start(tmp_path, "celery", "flower", environ={**component, **QUICK, **url, **extra, **default})
    assert result.returncode == 75
    assert f"waiting for the broker at 127.0.0.1:{port}" in result.stderr


@pytest.mark.parametrize(
    "variable", ["CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", "CELERY_BROKER_URL"]
)
def test_broker_of_celerys_variable_is_awaited(
    tmp_path: Path, component: dict[str, str], port: int, variable: str
) -> None:
    environ = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": "filesystem://",
        variable: broker(port),
    }
    result = start(tmp_path, "celery", "flower", environ={**component, **QUICK, **environ})
    assert result.returncode == 75
    assert f"waiting for the broker at 127.0.0.1:{port}" in result.stderr


def test_database_of_libpqs_variables_is_awaited(
    tmp_path: Path, component: dict[str, str], port: int
) -> None:
    environ = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2:///airflow",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
    }
    result = start(tmp_path, "scheduler", environ={**component, **QUICK, **environ})
    assert result.returncode == 75
    assert f"waiting for the metadata database at 127.0.0.1:{port}" in result.stderr


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("postgresql:///airflow?service=air", "service"),
        ("mysql:///x?read_default_file=/f", "read_default_file"),
    ],
)
def test_database_whose_address_is_in_a_file_is_not_awaited(
    tmp_path: Path, component: dict[str, str], url: str, option: str
) -> None:
    environ = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    result = start(tmp_path, "scheduler", environ={**component, **QUICK, **environ})
    assert result.returncode == 0
    line = f"only the driver reads the file with its address ({option}; AIRFLOW__DATABASE__SQL_ALCHEMY_CONN)"
    assert result.stderr.count(line) == 1
