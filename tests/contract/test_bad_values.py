"""A value that cannot work stops the start, under every name and in every place where an operator may set it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.defaults import DEFAULTS, SettingDefault
from entrypoint.errors import CONFIG, StartError
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import INTERVAL, LINE
from tests.contract.config_strategies import least, names_of
from tests.contract.oracle import environment

BAD = (
    "",
    "abc",
    "0",
    "-3",
    "1e9",
    " ",
    "nan",
    "inf",
    "-inf",
    "0x10",
    "5 6",
    "$UNDEFINED",
    "10000001",
    "1e400",
)
CASES = [
    pytest.param(setting, name, place, text, id=f"{name}-{place}-{text!r}")
    for setting in DEFAULTS
    for name in names_of(setting)
    for place in (("environment", "airflow.cfg") if isinstance(name, ConfigOption) else ("environment",))
    for text in BAD
    if not (text == "0" and least(setting, name) == 0)  # 0 is Airflow's word for "as many as parallelism"
]
WHOLE = [setting for setting in DEFAULTS if setting.number is int]


def refusal(home: Path, name: ConfigOption | EnvOnlyName, place: str, text: str) -> StartError:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    if place == "environment":
        environ[name.variable] = text
    else:
        assert isinstance(name, ConfigOption)
        (home / "airflow.cfg").write_text(f"[{name.section}]\n{name.option} = {text}\n")
    with environment(environ), pytest.raises(StartError) as refused:
        build_environment(os.environ)
    return refused.value


@pytest.mark.parametrize(("setting", "name", "place", "text"), CASES)
def test_it_stops_the_start(
    tmp_path: Path, setting: SettingDefault, name: ConfigOption | EnvOnlyName, place: str, text: str
) -> None:
    error = refusal(tmp_path, name, place, text)
    held = text if place == "environment" else text.strip()
    where = name.variable if place == "environment" else f"{name} in {tmp_path / 'airflow.cfg'}"
    assert error.code == CONFIG
    assert str(error).startswith(f"{where} holds {held!r}; it must be a")
    assert f"number of {setting.unit} from {least(setting, name)} to 10000000" in str(error)


@pytest.mark.parametrize("setting", WHOLE, ids=lambda setting: setting.documented)
def test_a_fraction_where_airflow_reads_whole_numbers(tmp_path: Path, setting: SettingDefault) -> None:
    error = refusal(tmp_path, setting.names_by_line[LINE].names[0], "environment", "5.5")
    assert "it must be a whole number of" in str(error)


@pytest.mark.parametrize("text", ["%(nowhere)s", "%", "%(parallelism)s"])
def test_an_interpolation_that_fails(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path, ConfigOption("core", "parallelism"), "airflow.cfg", text)
    assert error.code == CONFIG
    cfg = tmp_path / "airflow.cfg"
    assert str(error).startswith(f"{cfg} cannot be read by Airflow: [core] parallelism has a % in its value")


def test_a_variable_that_refers_to_itself(tmp_path: Path) -> None:
    """Airflow hangs on it."""
    error = refusal(
        tmp_path, EnvOnlyName("AIRFLOW__CORE__PARALLELISM"), "environment", "x$AIRFLOW__CORE__PARALLELISM"
    )
    assert error.code == CONFIG
    assert "refers to itself without end" in str(error)


NEXT_IN_LINE = {
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",
}


def test_a_name_that_airflow_would_not_come_to_is_not_judged(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        INTERVAL: "60",
        NEXT_IN_LINE[INTERVAL]: "abc",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW_CORE_PARALLELISM": "0",
    }
    with environment(environ):
        settings = {setting.variable: setting.value for setting in build_environment(os.environ).settings}
    assert settings[INTERVAL] == "60"
    assert settings["AIRFLOW__CORE__PARALLELISM"] == "8"
