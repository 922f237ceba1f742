"""The environment of the component: the operator's, the exports and the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.errors import StartError
from entrypoint.record import RECORD_VARIABLE, decode

MAX_TIS = "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"
CONCURRENCY = "AIRFLOW__CELERY__WORKER_CONCURRENCY"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin", "MINE": "kept"}


def test_environment_has_the_operators_variables_exports_and_record(environ: dict[str, str]) -> None:
    prepared = build_environment(environ)
    exports = {setting.variable: setting.value for setting in prepared.settings if setting.exported}
    assert exports[MAX_TIS] == "512"
    assert prepared.environ == {**environ, **exports, RECORD_VARIABLE: prepared.environ[RECORD_VARIABLE]}
    assert [setting.value for setting in decode(prepared.environ)] == [
        setting.value for setting in prepared.settings
    ]


def test_nested_start_changes_nothing(environ: dict[str, str]) -> None:
    first = build_environment(environ).environ
    assert build_environment(first).environ == first


def test_export_of_earlier_start_is_not_an_override(environ: dict[str, str], tmp_path: Path) -> None:
    first = build_environment(environ).environ
    (tmp_path / "airflow.cfg").write_text("[scheduler]\nmax_tis_per_query = 64\n")
    assert MAX_TIS not in build_environment(first).environ
    assert build_environment({**first, MAX_TIS: "7"}).environ[MAX_TIS] == "7"


@pytest.mark.parametrize(
    ("subcommand", "calculated"),
    [
        (("celery", "worker"), True),
        (("celery", "worker", "-q", "gpu"), True),
        (("celery", "worker", "--concurrency=4"), False),
        (("celery", "worker", "-c4"), False),
        (("scheduler",), False),
        ((), False),
    ],
    ids=str,
)
def test_worker_concurrency_is_calculated_for_worker_without_pool_option(
    environ: dict[str, str], subcommand: tuple[str, ...], calculated: bool
) -> None:
    assert (CONCURRENCY in build_environment(environ, subcommand).environ) is calculated


def test_bad_value_stops_the_build(environ: dict[str, str]) -> None:
    with pytest.raises(StartError, match=f"^{MAX_TIS} holds 'many'; it must be a whole number"):
        build_environment({**environ, MAX_TIS: "many"})
