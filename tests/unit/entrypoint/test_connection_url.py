"""Where the URL of the database or the broker comes from; tests/contract/test_urls.py compares it with Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.command import BROKER, DATABASE
from entrypoint.connection_url import connection_url
from entrypoint.errors import StartError

URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


@pytest.fixture
def cfg(tmp_path: Path) -> config_file.AirflowCfg:
    return config_file.read_config(str(tmp_path / "airflow.cfg"))


def test_url_is_airflows_default_if_not_set(cfg: config_file.AirflowCfg) -> None:
    environ = {"AIRFLOW_HOME": "/home/of/airflow"}
    assert connection_url(DATABASE, environ, cfg) == (
        "[database] sql_alchemy_conn",
        "sqlite:////home/of/airflow/airflow.db",
    )
    assert connection_url(BROKER, environ, cfg) == ("[celery] broker_url", "redis://redis:6379/0")


def test_url_comes_from_variable_command_or_secret(cfg: config_file.AirflowCfg) -> None:
    assert connection_url(DATABASE, {URL: "sqlite://"}, cfg) == (URL, "sqlite://")
    command = {f"{URL}_CMD": "printf '%s' 'sqlite:///a b'"}
    assert connection_url(DATABASE, command, cfg) == (f"{URL}_CMD", "sqlite:///a b")
    assert connection_url(DATABASE, {f"{URL}_SECRET": "path"}, cfg) == (f"{URL}_SECRET", None)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("bash -c 'echo hush; exit 3'", "failed with exit code 3; it must print the URL"),
        ("/no/such/hush", "cannot be run: No such file or directory"),
        ("echo 'hush", "cannot be run: it is not a command line"),
    ],
)
def test_failed_command_is_named_but_not_quoted(
    cfg: config_file.AirflowCfg, command: str, reason: str
) -> None:
    with pytest.raises(StartError) as error:
        connection_url(DATABASE, {f"{URL}_CMD": command}, cfg)
    assert str(error.value) == f"the command in {URL}_CMD {reason}"
