"""The startup hook in a real process of each kind, none started by the entrypoint: the same values, from inside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from entrypoint.origin import RECORD
from tests.airflow3 import probe
from tests.process.start import CHECKOUT
from tests.servers import free_port, postgres, redis

# One setting each way: default, formula, a name that Airflow still reads, a name that it does not, airflow.cfg.
TOLD = {
    "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": '[{"name":"default","worker_count":3,"worker_concurrency":5}]',
    "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "77",
    "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "901",
}
CFG = "[kubernetes_executor]\nworker_pods_creation_batch_size = 9\n"
VALUES = {
    "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "512",
    "AIRFLOW__CORE__PARALLELISM": "15",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "77",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "901",
    "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": "9",
}
CARRIED = "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT=901 (carried from AIRFLOW__CELERY__STALLED_TASK_TIMEOUT,"
KINDS = ("scheduler", "api-server", "dag-processor", "triggerer", "celery")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a whole Airflow runs with CeleryExecutor, until its task has told."""
    home = tmp_path_factory.mktemp("hook")
    probe.make(home, CFG)
    port, host = str(free_port()), "127.0.0.1"
    with postgres() as server, redis() as broker, ExitStack() as stack:
        environ = environment(home, server.create("airflow"), broker, port)
        migration = subprocess.run(["airflow", "db", "migrate"], env=environ, capture_output=True, text=True)
        assert migration.returncode == 0, migration.stderr
        api_server = {"api-server": ["api-server", "--host", host, "--port", port, "--workers", "2"]}
        commands = {
            "scheduler": ["scheduler", "--skip-serve-logs"],
            "dag-processor": ["dag-processor"],
            "triggerer": ["triggerer", "--skip-serve-logs"],
            "celery": ["celery", "worker", "--concurrency", "1", "--skip-serve-logs"],
        }
        stack.enter_context(probe.running(home, environ, api_server))
        probe.answers(f"http://{host}:{port}/api/v2/version")  # without it a task fails
        stack.enter_context(probe.running(home, environ, commands))
        for kind in ("runner", "task", "sdk"):
            probe.seen(home, kind)
        probe.seen(home, "process", lambda told: set(KINDS) <= {one["argv"][1] for one in told})
        yield home


def environment(home: Path, database: str, broker: str, port: str) -> dict[str, str]:
    more = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",  # the first request of a busy machine's api-server is slow
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": broker,
    }
    return probe.environment(home, {**TOLD, **more})


@pytest.fixture(scope="module")
def record(home: Path) -> str:
    """What the entrypoint makes of the same environment and airflow.cfg."""
    environ = environment(home, "sqlite:///none", "redis://none", "0")
    words = [sys.executable, "-m", "entrypoint", "printenv", RECORD]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_entrypoint_has_these_values(record: str) -> None:
    assert {row[1]: row[2] for row in json.loads(record)} == VALUES


def of_kind(home: Path, kind: str) -> list[Any]:
    return [one for one in probe.seen(home, "process") if one["argv"][1:2] == [kind]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_has_the_values_and_the_record_of_the_entrypoint(
    home: Path, record: str, kind: str
) -> None:
    told = of_kind(home, kind)
    assert told
    for one in told:
        assert one["values"] == VALUES
        assert one["record"] == record


def test_a_task_has_them_in_airflow_s_conf_and_in_the_sdk_s(home: Path, record: str) -> None:
    for kind in ("task", "sdk"):
        for one in probe.seen(home, kind):
            assert one["values"] == VALUES
            assert one["record"] == record


def test_the_scheduler_works_by_them(home: Path) -> None:
    (runner,) = probe.seen(home, "runner")
    assert (runner["parallelism"], runner["executor"], runner["max_tis"], runner["queued"]) == (
        15,
        15,
        512,
        901.0,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_carried_override_is_told_once_in_the_log_of_each_component(home: Path, kind: str) -> None:
    log = (home / f"{kind}.log").read_text()
    assert log.count(CARRIED) == 1
    assert "Airflow starts without" not in log
