"""Names of which Airflow takes the largest: the queued timeout of the 2.11 line."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.defaults import DEFAULTS, SettingDefault
from entrypoint.errors import CONFIG, StartError
from entrypoint.record import ResolvedSetting
from entrypoint.resolve import resolve

QUEUED = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"
STALLED = "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT"
ADOPTION = "AIRFLOW__CELERY__TASK_ADOPTION_TIMEOUT"
PENDING = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_PENDING_TIMEOUT"
OLD_PENDING = "AIRFLOW__KUBERNETES__WORKER_PODS_PENDING_TIMEOUT"
MARKED = f"[celery]\n# Variable: {STALLED}\n#\nstalled_task_timeout = 600\n"
ENVIRONMENT, CFG, AIRFLOW = "operator environment", "operator airflow.cfg", "Airflow"


def resolved(home: Path, environ: dict[str, str], text: str = "", default: str = "600") -> ResolvedSetting:
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
    )
    return resolve(environ, config_file.read_config(str(path)), "2.11", (row,))[0]


@pytest.mark.parametrize(
    ("environ", "text", "value", "origin"),
    [
        ({STALLED: "900"}, "", "900", ENVIRONMENT),
        ({STALLED: "300"}, "", "600", AIRFLOW),
        ({STALLED: "0"}, "", "600", AIRFLOW),
        ({STALLED: "300", QUEUED: "100"}, "", "300", ENVIRONMENT),
        ({STALLED: "300", QUEUED: "400"}, "", "400", ENVIRONMENT),
        ({STALLED: "300", QUEUED: "0"}, "", "300", ENVIRONMENT),  # 0 alone would let no task leave the queue
        ({STALLED: "700", ADOPTION: "800", PENDING: "900"}, "", "900", ENVIRONMENT),
        ({OLD_PENDING: "900", PENDING: "700"}, "", "700", ENVIRONMENT),
        (
            {OLD_PENDING: "900"},
            "[kubernetes_executor]\nworker_pods_pending_timeout = 1000\n",
            "900",
            ENVIRONMENT,
        ),
        ({}, "[kubernetes]\nworker_pods_pending_timeout = 1e3\n", "1e3", CFG),
        # Airflow generates none of the joined names, so whoever wrote the mark above it, it counts.
        ({QUEUED: "100"}, MARKED, "600", CFG),
    ],
)
def test_the_largest_counts_and_nothing_is_exported(
    tmp_path: Path, environ: dict[str, str], text: str, value: str, origin: str
) -> None:
    found = resolved(tmp_path, environ, text)
    assert (found.value, found.origin, found.exported) == (value, origin, False)


def test_a_larger_default_does_not_raise_a_smaller_value_of_the_operators(tmp_path: Path) -> None:
    assert resolved(tmp_path, {}, default="900").value == "900"
    found = resolved(tmp_path, {STALLED: "300"}, default="900")
    assert (found.value, found.origin, found.exported) == ("600", AIRFLOW, False)


@pytest.mark.parametrize("environ", [{QUEUED: "0"}, {QUEUED: "0", STALLED: "0"}])
def test_no_timeout_at_all_stops_the_start(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(
        StartError, match=f"^{QUEUED} holds '0'; it must be a number of seconds from 0.001"
    ) as stop:
        resolved(tmp_path, environ)
    assert stop.value.code == CONFIG


def test_a_worker_concurrency_is_read_as_the_lines_airflow_reads_it(tmp_path: Path) -> None:
    told = {"AIRFLOW__CELERY__WORKER_CONCURRENCY": "8.0", "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
    cfg = config_file.read_config(str(tmp_path / "airflow.cfg"))
    parallelism = [one for one in resolve(told, cfg, "3.3") if one.documented == "AIRFLOW__CORE__PARALLELISM"]
    assert [one.value for one in parallelism] == ["8"]
    with pytest.raises(StartError, match=r"^AIRFLOW__CELERY__WORKER_CONCURRENCY holds '8\.0'"):
        resolve(told, cfg, "2.11")
