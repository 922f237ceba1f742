"""Which of several overrides wins; tests/contract compares that with Airflow for any configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from entrypoint.overrides import Override, find_override, validated_number_text
from entrypoint.record import CFG, COMMAND, ENVIRONMENT, SECRET

NEW, OLD = ConfigOption("database", "sql_alchemy_conn"), ConfigOption("core", "sql_alchemy_conn")
SETTINGS = [
    (NEW.variable, "in environment", ENVIRONMENT),
    (f"{NEW.variable}_CMD", "print it", COMMAND),
    (f"{NEW.variable}_SECRET", "path", SECRET),
    (OLD.variable, "older name", ENVIRONMENT),
]


@pytest.fixture
def cfg(tmp_path: Path) -> config_file.AirflowCfg:
    path = tmp_path / "airflow.cfg"
    path.write_text("[core]\nsql_alchemy_conn = in cfg\n[database]\nsql_alchemy_conn_cmd = print it\n")
    return config_file.read_config(str(path))


@pytest.mark.parametrize("count", range(len(SETTINGS)))
def test_environment_wins_in_airflows_order(cfg: config_file.AirflowCfg, count: int) -> None:
    remaining = SETTINGS[count:]
    override = find_override(
        (NEW, OLD), {variable: text for variable, text, _ in remaining}, cfg, sensitive=True
    )
    assert override
    assert (override.location, override.text, override.origin) == remaining[0]


def test_plain_option_of_any_name_in_cfg_precedes_command(cfg: config_file.AirflowCfg) -> None:
    override = find_override((NEW, OLD), {}, cfg, sensitive=True)
    assert override
    assert (override.text, override.origin) == ("in cfg", CFG)
    assert override.location == f"[core] sql_alchemy_conn in {cfg.path}"


def test_command_and_secret_are_read_for_sensitive_options_only(cfg: config_file.AirflowCfg) -> None:
    environ = {f"{NEW.variable}_CMD": "print it", f"{NEW.variable}_SECRET": "path"}
    assert find_override((NEW,), environ, cfg) is None


@pytest.mark.parametrize(("text", "value"), [(" 1 ", "1"), ("9", "9")])
def test_validate_number_accepts_both_bounds(text: str, value: str) -> None:
    assert validated_number_text(Override(NEW, ENVIRONMENT, text, "HERE"), int, "tasks", 1, 9) == value


@pytest.mark.parametrize("text", ["-5", "0", "9" * 4000])
def test_validate_number_accepts_any_without_bounds(text: str) -> None:
    assert validated_number_text(Override(NEW, ENVIRONMENT, text, "HERE"), int, "tasks") == text


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_validate_number_rejects_what_is_no_number(text: str) -> None:
    with pytest.raises(StartError, match=r"^HERE holds .*; it must be a number of seconds$"):
        validated_number_text(Override(NEW, ENVIRONMENT, text, "HERE"), float, "seconds")


@pytest.mark.parametrize("text", ["0", "10", "", "x"])
def test_validate_number_rejects_text_outside_bounds(text: str) -> None:
    with pytest.raises(StartError, match=r"^HERE holds .*; it must be a whole number of tasks from 1 to"):
        validated_number_text(Override(NEW, ENVIRONMENT, text, "HERE"), int, "tasks", 1, 9)
