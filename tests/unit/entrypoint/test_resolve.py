"""Resolving settings on the 3.3 line: the value, its origin, whether it is exported, and its line in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint import config_file
from entrypoint.record import ResolvedSetting
from entrypoint.resolve import configured_queues, resolve

REFRESH = "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL"
QUEUED = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
BATCH = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"
RETRIES = "AIRFLOW__KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES"
CELERY_RETRIES = "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES"
ORPHANS = "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL"
HEARTBEATS = "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"
MAX_TIS = "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"
GENERATED = f"[dag_processor]\n# Variable: {REFRESH}\n#\nrefresh_interval = 300\n[scheduler]\n"
QUEUES = "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES"
ENVIRONMENT, CFG = "operator environment", "operator airflow.cfg"


def resolve_all(path: Path, environ: dict[str, str]) -> dict[str, ResolvedSetting]:
    cfg = config_file.read_config(str(path))
    settings = resolve(environ, cfg, "3.3", configured_queues(environ, cfg))
    return {setting.variable: setting for setting in settings}


@pytest.mark.parametrize(
    ("variable", "environ", "text", "value", "origin", "exported"),
    [
        (REFRESH, {}, "", "30", "Runtime", True),
        (
            REFRESH,
            {REFRESH: "300"},
            "",
            "300",
            ENVIRONMENT,
            False,
        ),  # an override, although it equals Airflow's default
        (REFRESH, {"AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "60"}, "", "60", ENVIRONMENT, False),
        (REFRESH, {}, "[scheduler]\ndag_dir_list_interval = 60\n", "60", CFG, False),
        (REFRESH, {}, "[dag_processor]\nrefresh_interval = 300\n", "300", CFG, False),
        (REFRESH, {}, GENERATED, "30", "Runtime", True),
        # Airflow would use the option that it generated, so the operator's must be exported.
        (REFRESH, {}, f"{GENERATED}dag_dir_list_interval = 60\n", "60", CFG, True),
        (REFRESH, {"AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "60"}, GENERATED, "60", ENVIRONMENT, False),
        (QUEUED, {"AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "900"}, "", "900", ENVIRONMENT, True),
        (
            QUEUED,
            {"AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "900", QUEUED: "700"},
            "",
            "700",
            ENVIRONMENT,
            False,
        ),
        (
            QUEUED,
            {"AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "900"},
            "[celery]\ntask_adoption_timeout = 1e3\n",
            "1e3",
            CFG,
            True,
        ),
        (QUEUED, {f"{QUEUED}_CMD": "echo 5", f"{QUEUED}_SECRET": "x"}, "", "600", "Runtime", True),
        (PARALLELISM, {}, "", "16", "Runtime", True),
        (PARALLELISM, {"AIRFLOW_CORE_PARALLELISM": " 9 "}, "", "9", ENVIRONMENT, True),
        (PARALLELISM, {"AIRFLOW_CORE_PARALLELISM": "9"}, "[core]\nparallelism = 8\n", "8", CFG, False),
        (PARALLELISM, {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}, "", "32", "Airflow", False),
        (PARALLELISM, {"AIRFLOW__CORE__EXECUTOR": "SequentialExecutor"}, "", "16", "Runtime", True),
        (PARALLELISM, {QUEUES: '[{"name": "a", "worker_count": 2}]'}, "", "32", "Runtime", True),
        (
            PARALLELISM,
            {},
            '[astro_runtime]\nworker_queues = [{"name": "a",\n  "worker_count": 3}]\n',
            "48",
            "Runtime",
            True,
        ),
        (BATCH, {}, "[kubernetes]\nworker_pods_creation_batch_size = 4\n", "4", CFG, True),
        (MAX_TIS, {MAX_TIS: "0"}, "", "0", ENVIRONMENT, False),
        (MAX_TIS, {MAX_TIS.lower(): "7"}, "[Scheduler]\nmax_tis_per_query = 7\n", "512", "Runtime", True),
        (MAX_TIS, {}, "[scheduler]\nMAX_TIS_PER_QUERY = 7\n", "512", "Runtime", True),
        (MAX_TIS, {}, "[DEFAULT]\nmax_tis_per_query = 7\n", "512", "Runtime", True),
        (MAX_TIS, {}, "[DEFAULT]\nmax_tis_per_query = 7\n[scheduler]\n", "7", CFG, False),
    ],
    ids=[
        "runtime-default",
        "environment-equal-to-airflow-default",
        "older-name-in-environment",
        "older-name-in-cfg",
        "cfg-beats-default",
        "generated-cfg-is-no-override",
        "older-name-below-generated-name-is-exported",
        "older-name-in-environment-beats-generated-cfg",
        "forwarded-name-is-exported",
        "current-name-beats-forwarded",
        "cfg-forwarded-beats-environment-forwarded",
        "command-and-secret-are-not-read",
        "calculated-for-local-executor",
        "plain-name-is-forwarded-stripped",
        "cfg-beats-plain-name",
        "celery-without-queues-keeps-airflow-default",
        "replaced-executor-counts-as-local",
        "queues-in-environment",
        "queues-in-cfg-over-two-lines",
        "old-section-is-forwarded",
        "zero-is-an-override",
        "lower-case-variable-and-section-are-ignored",
        "upper-case-option-is-ignored",
        "inherited-option-without-its-section-is-ignored",
        "inherited-option-in-its-section",
    ],
)
def test_resolve_returns_effective_value_and_origin(
    tmp_path: Path, variable: str, environ: dict[str, str], text: str, value: str, origin: str, exported: bool
) -> None:
    path = tmp_path / "airflow.cfg"
    path.write_text(text)
    settings = resolve_all(path, environ)
    assert list(settings) == [
        *(REFRESH, QUEUED, ORPHANS, HEARTBEATS, PARALLELISM, BATCH, RETRIES, CELERY_RETRIES, MAX_TIS)
    ]
    setting = settings[variable]
    assert (setting.value, setting.origin, setting.exported) == (value, origin, exported)


@pytest.mark.parametrize(
    ("variable", "environ", "text", "line"),
    [
        (
            MAX_TIS,
            {},
            "",
            f"{MAX_TIS}=512 (one scheduler loop can fill all free slots, not just sixteen)",
        ),
        (PARALLELISM, {}, "", f"{PARALLELISM}=16 (1×16 LocalExecutor)"),
        (PARALLELISM, {QUEUES: '[{"name": "a", "worker_count": 2}]'}, "", f"{PARALLELISM}=32 (2×16 a)"),
        (
            PARALLELISM,
            {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"},
            "",
            f"{PARALLELISM} keeps Airflow's default 32"
            " (CeleryExecutor, and [astro_runtime] worker_queues is not configured)",
        ),
        (MAX_TIS, {MAX_TIS: " 64 "}, "", f"{MAX_TIS}=64 ({ENVIRONMENT}, {MAX_TIS})"),
        (
            MAX_TIS,
            {},
            "[scheduler]\nmax_tis_per_query = 64\n",
            f"{MAX_TIS}=64 ({CFG}, [scheduler] max_tis_per_query in {{path}})",
        ),
        (
            PARALLELISM,
            {"AIRFLOW_CORE_PARALLELISM": "9"},
            "",
            f"{PARALLELISM}=9 (forwarded from AIRFLOW_CORE_PARALLELISM, which this Airflow does not read)",
        ),
        (
            PARALLELISM,
            {"AIRFLOW_CORE_PARALLELISM": "9", PARALLELISM: "8"},
            "",
            f"{PARALLELISM}=8 ({ENVIRONMENT}, {PARALLELISM};"
            " AIRFLOW_CORE_PARALLELISM is ignored, because the current name is set)",
        ),
        (
            REFRESH,
            {},
            f"{GENERATED}dag_dir_list_interval = 60\n",
            f"{REFRESH}=60 (forwarded from [scheduler] dag_dir_list_interval in {{path}}, because Airflow would use"
            " [dag_processor] refresh_interval in {path}, which it generated itself)",
        ),
    ],
    ids=[
        "default-with-its-reason",
        "calculated",
        "calculated-from-queues",
        "airflow-default",
        "environment",
        "cfg",
        "forwarded",
        "ignored-forwarded-name",
        "shadowed-older-name",
    ],
)
def test_log_line_has_value_and_reason(
    tmp_path: Path, variable: str, environ: dict[str, str], text: str, line: str
) -> None:
    path = tmp_path / "airflow.cfg"
    path.write_text(text)
    assert resolve_all(path, environ)[variable].log_line == line.format(path=path)


def test_resolve_ignores_worker_concurrency_that_airflow_does_not_read(tmp_path: Path) -> None:
    """Stock Airflow with KubernetesExecutor never reads it."""
    environ = {"AIRFLOW__CELERY__WORKER_CONCURRENCY": "many", "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor"}
    settings = resolve_all(tmp_path / "airflow.cfg", environ)
    assert settings[PARALLELISM].origin == "Airflow"
    assert {settings[variable].origin for variable in (REFRESH, QUEUED, BATCH, MAX_TIS)} == {"Runtime"}
