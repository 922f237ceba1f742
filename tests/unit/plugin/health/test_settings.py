"""Airflow's settings and the component's options, as the health check reads them."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from astro_runtime_plugin.health.settings import (
    HealthSettings,
    UnhealthyError,
    UnknownHealthError,
    read_settings,
)
from entrypoint.command import DATABASE


def settings_of(home: Path, *subcommand: str, **environ: str) -> HealthSettings:
    (home / "airflow.cfg").write_text("[api]\nport = 81\n[web_server]\nport = 82\n")
    return read_settings({"AIRFLOW_HOME": str(home), **environ}, subcommand)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--port", "80"], "80"),
        (["--port=80"], "80"),
        (["--port="], ""),
        (["-p", "80"], "80"),
        (["-p80"], "80"),
        (["--workers", "4", "-p", "80"], "80"),
        (["--po", "80"], "80"),
        (["--po=80"], "80"),
        (["--port", "80", "-p", "81"], "81"),
        (["--port"], None),
        (["--"], None),
        (["--ports", "80"], None),
        (["--pid", "80"], None),
        ([], None),
    ],
    ids=str,
)
def test_option_is_read_in_every_spelling(tmp_path: Path, words: list[str], value: str | None) -> None:
    assert settings_of(tmp_path, "api-server", *words).command_line_option("-p", "--port") == value


def test_setting_comes_from_environment_cfg_or_default(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, AIRFLOW__API__HOST="example.com")
    assert settings.get("api", "host", "x") == "example.com"
    assert settings.get("api", "port", "x") == "81"
    assert settings.get("api", "missing", "x") == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("True", True), ("t", True), (" 1 ", True), ("True  # TLS", True), ("False", False), ("0#1", False)],
)
def test_boolean_is_read_with_a_comment(tmp_path: Path, text: str, expected: bool) -> None:
    """tests/contract/test_health_settings.py compares this with Airflow's `getboolean`."""
    settings = settings_of(tmp_path, AIRFLOW__CELERY__SSL_ACTIVE=text)
    assert settings.is_on("celery", "ssl_active", "False") is expected


@pytest.mark.parametrize("text", ["yes", "", "# True"])
def test_text_that_is_not_a_boolean_leaves_health_unknown(tmp_path: Path, text: str) -> None:
    settings = settings_of(tmp_path, AIRFLOW__CELERY__SSL_ACTIVE=text)
    with pytest.raises(UnknownHealthError, match=r"^\[celery\] ssl_active must be True or False$"):
        settings.is_on("celery", "ssl_active", "False")


def test_operators_modules_are_found_in_pythonpath(tmp_path: Path) -> None:
    """The check runs with -I, where Python itself does not look there."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "module_in_pythonpath.py").write_text("VALUE = 1\n")
    settings = settings_of(tmp_path, PYTHONPATH=f"/not/there:{tmp_path}/there")
    with patch.object(sys, "path", [*sys.path]):
        assert settings.import_attribute("module_in_pythonpath.VALUE") == 1


def test_text_that_is_not_a_number_is_unhealthy(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, AIRFLOW__SCHEDULER__A="1.5", AIRFLOW__SCHEDULER__B="soon")
    assert settings.number("scheduler", "a", 3) == 1.5
    assert settings.number("scheduler", "c", 3) == 3
    with pytest.raises(UnhealthyError, match=r"^\[scheduler\] b holds 'soon'; it must be a number$"):
        settings.number("scheduler", "b", 3)


def test_url_in_secrets_backend_is_unknown(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET="path")
    with pytest.raises(UnknownHealthError, match="SQL_ALCHEMY_CONN_SECRET names a secret"):
        settings.url(DATABASE)


def test_command_that_prints_the_url_may_fail(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD="false")
    with pytest.raises(UnknownHealthError, match="SQL_ALCHEMY_CONN_CMD failed with exit code 1"):
        settings.url(DATABASE)
