"""The environment of the component: the operator's, the exports and the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.errors import StartError
from entrypoint.record import RECORD_VARIABLE, decode
from testing.installed_line import INTERVAL, LINE

MAX_TIS = "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"
STALLED = {"3.3": "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT", "2.11": "AIRFLOW_CORE_PARALLELISM"}[LINE]
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


@pytest.mark.parametrize("text", ["", " ", '""', "''", ' "" '])
def test_empty_variable_of_the_runtime_counts_as_not_set(
    environ: dict[str, str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "airflow.cfg").write_text(
        '[astro_runtime]\nworker_queues = [{"name": "a", "worker_count": 2, "pod_cpu": 1}]\nlinks =\n'
    )
    empty = {f"AIRFLOW__ASTRO_RUNTIME__{name}": text for name in ("WORKER_QUEUES", "LINKS", "UPDATE_URL")}
    prepared = build_environment({**environ, **empty, "AIRFLOW_CORE_PARALLELISM": text, STALLED: text})
    without = build_environment(environ)
    assert [setting.log_line for setting in prepared.settings] == [
        setting.log_line for setting in without.settings
    ]
    assert prepared.environ["AIRFLOW__CORE__PARALLELISM"] == "32"
    assert not prepared.environ.keys() & empty.keys()
    assert prepared.notes == without.notes
    assert len(prepared.notes) == 1


@pytest.mark.parametrize("text", ["", '""'])
def test_empty_worker_queues_in_cfg_count_as_not_set(
    environ: dict[str, str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[astro_runtime]\nworker_queues = {text}\n")
    local = {**environ, "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
    assert build_environment(local).environ["AIRFLOW__CORE__PARALLELISM"] == "16"


def test_empty_value_that_no_executor_reads_is_left_alone(environ: dict[str, str]) -> None:
    """Stock Airflow starts with it, since only KubernetesExecutor reads it."""
    batch = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"
    prepared = build_environment({**environ, batch: "", CONCURRENCY: ""}, ("version",))
    assert (prepared.environ[batch], prepared.environ[CONCURRENCY]) == ("", "")
    lines = [setting.log_line for setting in prepared.settings]
    why = "not read without an executor for Kubernetes"
    assert f"{batch}= (operator environment, {batch}; {why})" in lines
    assert build_environment(prepared.environ).environ == prepared.environ


def test_empty_autoscale_does_not_size_the_pool(environ: dict[str, str]) -> None:
    """Airflow ignores it."""
    worker = ("celery", "worker")
    autoscale = "AIRFLOW__CELERY__WORKER_AUTOSCALE"
    assert CONCURRENCY in build_environment({**environ, autoscale: ""}, worker).environ
    assert CONCURRENCY not in build_environment({**environ, autoscale: "8,2"}, worker).environ


def test_worker_concurrency_of_zero_is_taken(environ: dict[str, str]) -> None:
    """Celery then runs a task for each CPU of the host, a number that the scheduler does not know."""
    local = {**environ, "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
    prepared = build_environment({**local, CONCURRENCY: "0"}, ("celery", "worker"))
    lines = [setting.log_line for setting in prepared.settings]
    assert (
        f"{CONCURRENCY}=0 (operator environment, {CONCURRENCY}; one task for each CPU of the host)" in lines
    )
    assert prepared.environ["AIRFLOW__CORE__PARALLELISM"] == "16"


@pytest.mark.parametrize(
    ("text", "why"), [("0", "in every loop"), ("-1", "in every loop"), ("1000000000", None)]
)
def test_any_interval_is_taken(environ: dict[str, str], text: str, why: str | None) -> None:
    settings = build_environment({**environ, INTERVAL: text}).settings
    line = next(setting.log_line for setting in settings if setting.value == text)
    assert line == f"{INTERVAL}={text} (operator environment, {INTERVAL}{f'; {why}' if why else ''})"


def test_bad_value_stops_the_build(environ: dict[str, str]) -> None:
    with pytest.raises(StartError, match=f"^{MAX_TIS} holds 'many'; it must be a whole number"):
        build_environment({**environ, MAX_TIS: "many"})
