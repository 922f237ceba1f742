"""Airflow 3's API shows the log of a running task from the store, and of one whose processes were killed."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import SHIPPER
from testing.proof import FIXED, Proof, copy_migrated_database, templates_folder
from testing.small_airflow import SmallAirflow, small_airflow
from testing.waiting import wait_until

DAG = """
import os, time
from datetime import timedelta
from pathlib import Path
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator, task

folder = Path(os.environ["FOLDER"])

def pause(name):
    (folder / f"{name}.reached").write_text(str(os.getpid()))
    while not (folder / f"{name}.go").exists():
        time.sleep(0.05)

class Waiter(BaseOperator):
    def execute(self, context):
        print("before the deferral")
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=1)), method_name="resume")

    def resume(self, context, event=None):
        print("after the deferral")

with DAG("dag", schedule="@once"):
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def grow(**context):
        attempt = context["ti"].try_number
        print(f"try {attempt}: first \\u2603")
        pause(f"grow{attempt}")
        print(f"try {attempt}: second")

    @task
    def mapped(number):
        print(f"mapped {number}")

    grow() >> mapped.expand(number=[1, 2]) >> Waiter(task_id="waiter")
"""


class Logs:
    """The logs of the only DAG run, as the API returns them."""

    def __init__(self, airflow: SmallAirflow, url: str) -> None:
        self.airflow = airflow
        answer = httpx.get(f"{url}auth/token", timeout=300).raise_for_status()
        self.client = httpx.Client(
            base_url=f"{url}api/v2/",
            headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
            timeout=300,
        )

    def events(self, task: str, attempt: int, map_index: int = -1) -> list[str]:
        """Return the lines of a try."""
        found: list[str] = []

        def has_store() -> bool:
            """Ask; a store that a starved server has had no answer from in time counts as away for some seconds."""
            found[:] = self._events(task, attempt, map_index)
            return not any("The store of task logs cannot be read" in text for text in found)

        wait_until(has_store, self.airflow.describe)
        return found

    def _events(self, task: str, attempt: int, map_index: int) -> list[str]:
        run = self.airflow.query("SELECT run_id FROM dag_run")[0]
        answer = self.client.get(
            f"dags/dag/dagRuns/{run}/taskInstances/{task}/logs/{attempt}",
            params={"map_index": map_index},
            headers={"accept": "application/json"},
        )
        return [line["event"] for line in answer.raise_for_status().json()["content"]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


@pytest.fixture
def airflow(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, store: Path, folder: Path
) -> Iterator[tuple[SmallAirflow, Logs]]:
    home = tmp_path / "home"
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    variables = {
        "FOLDER": str(folder),
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{store}",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # a busy machine answers late
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    }
    server, triggerer = (
        {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / f"logs-of-{name}")}
        for name in ("server", "triggerer")
    )
    with small_airflow(Proof(FIXED, home), DAG, server=server, triggerer=triggerer, **variables) as running:
        wait_until((folder / "grow1.reached").exists, running.describe, failed=running.has_failed)
        yield running, Logs(running, running.url)
    for logs in (home / "logs", tmp_path / "logs-of-triggerer"):
        kill_shippers(logs)


def kill_with_supervisor(pid: int) -> None:
    """Kill a task and its supervisor, the process of LocalExecutor that runs it, as the machine's end would."""
    supervisor = psutil.Process(pid).parent()
    assert supervisor
    for process in (supervisor.pid, pid):
        os.kill(process, signal.SIGKILL)


def age_heartbeat(home: Path) -> None:
    """Let the last heartbeat of the first try be long ago; a limit of some seconds would end a starved task, too."""
    with closing(sqlite3.connect(home / "airflow.db", timeout=300)) as database, database:
        database.execute(
            "UPDATE task_instance SET last_heartbeat_at = '2026-01-01 00:00:00.000000'"
            " WHERE task_id = 'grow' AND try_number = 1 AND state = 'running'"
        )


def kill_shippers(logs: Path) -> None:
    """End the shippers of a log folder; they would wait for more."""
    for process in psutil.process_iter(["cmdline"]):
        if SHIPPER in (words := process.info["cmdline"] or []) and str(logs) in words:
            process.kill()


def stored(store: Path, pattern: str) -> list[Any]:
    return [path for path in store.rglob(pattern) if path.is_file()]


def test_log_is_readable_while_the_task_runs_and_after_it_was_killed(
    airflow: tuple[SmallAirflow, Logs], store: Path, folder: Path
) -> None:
    running, logs = airflow
    first = "try 1: first \u2603"
    wait_until(lambda: logs.events("grow", 1).count(first) == 1, running.describe)
    wait_until(
        lambda: stored(store, "attempt=1.log.*"), running.describe
    )  # the line may have come from its worker
    kill_with_supervisor(int((folder / "grow1.reached").read_text()))

    def has_second_try() -> bool:
        age_heartbeat(running.home)
        return (folder / "grow2.reached").exists()

    wait_until(has_second_try, running.describe)
    assert wait_until(lambda: logs.events("grow", 1).count(first), running.describe) == 1
    wait_until(lambda: "try 2: first \u2603" in logs.events("grow", 2), running.describe)
    (folder / "grow2.go").touch()
    assert running.wait_for_run() == "success"
    spools = [Spool(logs_of) for logs_of in (running.home / "logs", store.parent / "logs-of-triggerer")]
    wait_until(lambda: not any(spool.entries() for spool in spools), running.describe)
    for number in (1, 2):
        events = logs.events("mapped", 1, number - 1)
        assert [text for text in events if text.startswith("mapped")] == [f"mapped {number}"]
    events = logs.events("waiter", 1)
    own = [text for text in events if "deferral" in text or text.startswith("trigger ")]
    assert own[0] == "before the deferral"
    assert own[-1] == "after the deferral"
    assert len(own) > 2
    assert len({*own}) == len(own)
    wait_until(lambda: not stored(store, "*.log.0*"))
    assert len(stored(store, "*.log")) == 6
