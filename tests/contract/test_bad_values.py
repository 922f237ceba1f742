"""A value that cannot work stops the start, under every name and in every place."""

from __future__ import annotations

import os
from math import isfinite
from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.config_values import NUMBER_PARSERS
from entrypoint.defaults import SettingDefault
from entrypoint.errors import CONFIG, StartError
from entrypoint.option_names import ConfigOption, EnvOnlyName
from testing.installed_line import DEFAULTS, INTERVAL, LINE
from tests.contract.config_strategies import minimum, names_of
from tests.contract.oracle import replaced_environ

KUBERNETES = next(setting for setting in DEFAULTS if setting.executor)
CONCURRENCY = "AIRFLOW__CELERY__WORKER_CONCURRENCY"
QUEUES = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": '[{"name": "a", "worker_count": 2}]'}


def is_accepted(setting: SettingDefault, name: ConfigOption | EnvOnlyName, text: str) -> bool:
    """Whether the text is a value after all, as Airflow takes it, or is as good as not set for Airflow."""
    if not text.strip():
        return name in setting.names_by_line[LINE].forwarded or bool(setting.executor)
    try:
        number = NUMBER_PARSERS[LINE][setting.number](text)
        low, high = minimum(setting), setting.maximum
        return isfinite(number) and (low is None or low <= number) and (high is None or number <= high)
    except ValueError:
        return False


BAD = (
    "",
    "abc",
    "0",
    "-3",
    "-60000000001",
    "1e9",
    " ",
    "nan",
    "inf",
    "-inf",
    "0x10",
    "5 6",
    "$UNDEFINED",
    "1e400",
)
CASES = [
    pytest.param(setting, name, place, text, id=f"{name}-{place}-{text!r}")
    for setting in DEFAULTS
    for name in names_of(setting)
    for place in (("environment", "airflow.cfg") if isinstance(name, ConfigOption) else ("environment",))
    for text in BAD
    if not is_accepted(setting, name, text)
]
# An empty text under a name, the executor, the subcommand, other variables, and whether the start refuses it.
EMPTY_CASES: list[tuple[str, str, tuple[str, ...], dict[str, str], bool]] = [
    (name.variable, executor, ("scheduler",), {}, refused)
    for name in KUBERNETES.names_by_line[LINE].names
    for executor, refused in {
        "LocalExecutor": False,
        "CeleryExecutor": False,
        "KubernetesExecutor": True,
        "CeleryExecutor,KubernetesExecutor": True,
    }.items()
] + [
    (CONCURRENCY, "LocalExecutor", ("version",), {}, False),
    (CONCURRENCY, "LocalExecutor", ("scheduler",), QUEUES, False),
    (CONCURRENCY, "CeleryExecutor", ("scheduler",), QUEUES, True),
    (CONCURRENCY, "LocalExecutor,CeleryExecutor", ("scheduler",), QUEUES, True),
    (CONCURRENCY, "CeleryExecutor", ("celery", "worker"), {}, True),
    ("AIRFLOW__CORE__PARALLELISM", "LocalExecutor", ("scheduler",), {}, True),
]
INTEGER_SETTINGS = [setting for setting in DEFAULTS if setting.number is int]


def start_error(home: Path, name: ConfigOption | EnvOnlyName, place: str, text: str) -> StartError:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    if place == "environment":
        environ[name.variable] = text
    else:
        assert isinstance(name, ConfigOption)
        (home / "airflow.cfg").write_text(f"[{name.section}]\n{name.option} = {text}\n")
    with replaced_environ(environ), pytest.raises(StartError) as error:
        build_environment(os.environ)
    return error.value


@pytest.mark.parametrize(("setting", "name", "place", "text"), CASES)
def test_bad_value_stops_start(
    tmp_path: Path, setting: SettingDefault, name: ConfigOption | EnvOnlyName, place: str, text: str
) -> None:
    error = start_error(tmp_path, name, place, text)
    value = text if place == "environment" else text.strip()
    location = name.variable if place == "environment" else f"{name} in {tmp_path / 'airflow.cfg'}"
    assert error.code == CONFIG
    assert str(error).startswith(f"{location} holds {value!r}; it must be a")
    assert f"number of {setting.unit}" in str(error)
    assert (f" {minimum(setting)}" in str(error)) is (minimum(setting) is not None)


@pytest.mark.parametrize("text", ["", " ", '""', "''"])
@pytest.mark.parametrize(("variable", "executor", "subcommand", "others", "refused"), EMPTY_CASES)
def test_empty_value_is_refused_where_it_is_read(
    tmp_path: Path,
    variable: str,
    executor: str,
    subcommand: tuple[str, ...],
    others: dict[str, str],
    refused: bool,
    text: str,
) -> None:
    environ = {"HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__EXECUTOR": executor}
    with replaced_environ({**environ, **others, variable: text}):
        if refused:
            with pytest.raises(StartError, match=f"^{variable} holds"):
                build_environment(os.environ, subcommand)
        else:
            prepared = build_environment(os.environ, subcommand)
            assert prepared.environ[variable] == text
            exported = {setting.variable for setting in prepared.settings if setting.exported}
            assert variable not in exported


@pytest.mark.parametrize("setting", INTEGER_SETTINGS, ids=lambda setting: setting.documented)
def test_fraction_stops_start_if_airflow_reads_integer(tmp_path: Path, setting: SettingDefault) -> None:
    error = start_error(tmp_path, setting.names_by_line[LINE].names[0], "environment", "5.5")
    assert "it must be a whole number of" in str(error)


@pytest.mark.parametrize("text", ["%(missing)s", "%", "%(parallelism)s"])
def test_failed_interpolation_stops_start(tmp_path: Path, text: str) -> None:
    error = start_error(tmp_path, ConfigOption("core", "parallelism"), "airflow.cfg", text)
    assert error.code == CONFIG
    cfg = tmp_path / "airflow.cfg"
    assert str(error).startswith(f"{cfg} cannot be read by Airflow: [core] parallelism has a % in its value")


def test_circular_variable_reference_stops_start(tmp_path: Path) -> None:
    """Airflow hangs on it."""
    error = start_error(
        tmp_path, EnvOnlyName("AIRFLOW__CORE__PARALLELISM"), "environment", "x$AIRFLOW__CORE__PARALLELISM"
    )
    assert error.code == CONFIG
    assert str(error).startswith("AIRFLOW__CORE__PARALLELISM contains a circular variable reference")


OTHER_NAME = {
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",
}


def test_bad_value_under_ignored_name_is_accepted(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        INTERVAL: "60",
        OTHER_NAME[INTERVAL]: "abc",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW_CORE_PARALLELISM": "0",
    }
    with replaced_environ(environ):
        settings = {setting.variable: setting.value for setting in build_environment(os.environ).settings}
    assert settings[INTERVAL] == "60"
    assert settings["AIRFLOW__CORE__PARALLELISM"] == "8"
