"""Airflow's settings and the component's options, as the health check reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.health.settings import (
    HealthSettings,
    UnhealthyError,
    UnknownHealthError,
    read_settings,
)
from entrypoint.command import DATABASE
from entrypoint.option_names import ConfigOption


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
        (["--port"], None),
        (["--ports", "80"], None),
        (["--pid", "80"], None),
        ([], None),
    ],
    ids=str,
)
def test_option_is_read_in_every_spelling(tmp_path: Path, words: list[str], value: str | None) -> None:
    assert settings_of(tmp_path, "api-server", *words).command_line_option("-p", "--port") == value


def test_setting_comes_from_environment_cfg_or_default(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, AIRFLOW__API__HOST=" example.com ")
    older = ConfigOption("web_server", "port")
    assert settings.get("api", "host", "x") == "example.com"
    assert settings.get("api", "port", "x") == "81"
    assert settings.get("api", "web_port", "x", older) == "82"
    assert settings.get("api", "missing", "x") == "x"


@pytest.mark.parametrize(
    ("text", "expected"), [("True", True), ("t", True), ("1", True), ("yes", False), ("", False)]
)
def test_boolean_is_true_for_airflows_words(tmp_path: Path, text: str, expected: bool) -> None:
    settings = settings_of(tmp_path, AIRFLOW__CELERY__SSL_ACTIVE=text)
    assert settings.is_on("celery", "ssl_active", "False") is expected


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
