"""Settings of which the 2.11 line takes the largest of several names: the queued timeout."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.defaults import SettingDefault
from entrypoint.errors import CONFIG, StartError
from entrypoint.record import ResolvedSetting
from entrypoint.resolve import resolve
from testing.installed_line import DEFAULTS

QUEUED = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"
STALLED = "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT"
ADOPTION = "AIRFLOW__CELERY__TASK_ADOPTION_TIMEOUT"
PENDING = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_PENDING_TIMEOUT"
OLD_PENDING = "AIRFLOW__KUBERNETES__WORKER_PODS_PENDING_TIMEOUT"
MARKED = f"[celery]\n# Variable: {STALLED}\n#\nstalled_task_timeout = 600\n"
ENVIRONMENT, CFG, AIRFLOW = "operator environment", "operator airflow.cfg", "Airflow"


def resolve_timeout(
    home: Path, environ: dict[str, str], text: str = "", default: str = "600"
) -> ResolvedSetting:
    path = home / "airflow.cfg"
    path.write_text(text)
    row = next(setting for setting in DEFAULTS if setting.documented == STALLED)
    row = SettingDefault(
        row.documented,
        row.names_by_line,
        default=default,
        airflow_default=row.airflow_default,
        number=row.number,
        unit=row.unit,
        why=row.why,
        zero=row.zero,
        maximum=row.maximum,
    )
    return resolve(environ, config_file.read_config(str(path)), "2.11", None, (row,))[0]


@pytest.mark.parametrize(
    ("environ", "text", "value", "origin"),
    [
        ({STALLED: "900"}, "", "900", ENVIRONMENT),
        ({STALLED: "300"}, "", "600", AIRFLOW),
        ({STALLED: "0"}, "", "600", AIRFLOW),
        ({STALLED: "300", QUEUED: "100"}, "", "300", ENVIRONMENT),
        ({STALLED: "300", QUEUED: "400"}, "", "400", ENVIRONMENT),
        (
            {STALLED: "300", QUEUED: "0"},
            "",
            "300",
            ENVIRONMENT,
        ),
        ({STALLED: "700", ADOPTION: "800", PENDING: "900"}, "", "900", ENVIRONMENT),
        ({OLD_PENDING: "900", PENDING: "700"}, "", "700", ENVIRONMENT),
        (
            {OLD_PENDING: "900"},
            "[kubernetes_executor]\nworker_pods_pending_timeout = 1000\n",
            "900",
            ENVIRONMENT,
        ),
        ({}, "[kubernetes]\nworker_pods_pending_timeout = 1e3\n", "1e3", CFG),
        # Airflow generates none of the names in max_with, so the value counts in spite of the mark above it.
        ({QUEUED: "100"}, MARKED, "600", CFG),
    ],
)
def test_resolve_returns_largest_without_export(
    tmp_path: Path, environ: dict[str, str], text: str, value: str, origin: str
) -> None:
    setting = resolve_timeout(tmp_path, environ, text)
    assert (setting.value, setting.origin, setting.exported) == (value, origin, False)


def test_resolve_larger_default_does_not_replace_override(tmp_path: Path) -> None:
    assert resolve_timeout(tmp_path, {}, default="900").value == "900"
    setting = resolve_timeout(tmp_path, {STALLED: "300"}, default="900")
    assert (setting.value, setting.origin, setting.exported) == ("600", AIRFLOW, False)


@pytest.mark.parametrize("environ", [{QUEUED: "0"}, {QUEUED: "0", STALLED: "0"}])
def test_resolve_accepts_timeout_of_zero_as_airflow_does(tmp_path: Path, environ: dict[str, str]) -> None:
    setting = resolve_timeout(tmp_path, environ)
    assert (setting.value, setting.origin, setting.exported) == ("0", ENVIRONMENT, False)


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({QUEUED: "-1"}, "0"),
        ({QUEUED: "-1", STALLED: "-5"}, "0"),
        ({QUEUED: "-1", STALLED: "5"}, "5"),
        ({QUEUED: "-3", STALLED: "-5", ADOPTION: "-2", PENDING: "-4"}, "-2"),
        ({STALLED: "-5"}, "600"),
    ],
)
def test_resolve_takes_negative_timeout_as_airflow_does(
    tmp_path: Path, environ: dict[str, str], value: str
) -> None:
    """Airflow's scheduler uses the largest of the four, where 0 stands for what is not set."""
    assert resolve_timeout(tmp_path, environ).value == value


@pytest.mark.parametrize("text", ["-1e300", "nan", "inf", "1e300"])
def test_resolve_rejects_timeout_that_cannot_work(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        StartError, match=f"^{QUEUED} holds .*; it must be a number of seconds from -60000000000"
    ) as error:
        resolve_timeout(tmp_path, {QUEUED: text})
    assert error.value.code == CONFIG


def test_resolve_parses_worker_concurrency_as_the_line_does(tmp_path: Path) -> None:
    environ = {"AIRFLOW__CELERY__WORKER_CONCURRENCY": "8.0", "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
    cfg = config_file.read_config(str(tmp_path / "airflow.cfg"))
    values = {setting.documented: setting.value for setting in resolve(environ, cfg, "3.3", None)}
    assert values["AIRFLOW__CORE__PARALLELISM"] == "8"
    with pytest.raises(StartError, match=r"^AIRFLOW__CELERY__WORKER_CONCURRENCY holds '8\.0'"):
        resolve(environ, cfg, "2.11", None)
