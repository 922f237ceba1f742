"""A try that was ended from outside has last words in its log, once, from whoever finds out."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.layout import chunk_key
from entrypoint.task_logs import RUNTIME_CONFIG
from testing.installed_line import LINE
from testing.proof import FIXED, Proof
from testing.task_process import task_process
from testing.waiting import wait_until

PATH = "dag_id=dag/run_id=run/task_id=task/attempt=1.log"
IMPORTS = {
    "3.3": "from airflow.sdk import DAG, task",
    "2.11": "from airflow import DAG\nfrom airflow.decorators import task",
}[LINE]
KILLED = f"""
import os, signal
{IMPORTS}
with DAG("dag", schedule=None):
    @task(task_id="task")
    def work():
        os.kill(os.getpid(), signal.SIGKILL)
    work()
"""
# By scene of the probe: what the log says, besides what the task has written, and on which lines.
SCENES = {
    "heartbeat": (
        "Heartbeat lost: the scheduler has had no heartbeat of process 77 of host there",
        ("3.3", "2.11"),
    ),
    "local 3": ("The supervisor of the task was killed by signal 9 (SIGKILL).", ("3.3",)),
    "celery 3": ("The supervisor of the task was killed by signal 9 (SIGKILL).", ("3.3",)),
    "celery 2": ("The supervisor of the task was killed by signal 9 (SIGKILL).", ("2.11",)),
    "local 2": ("The supervisor of the task was killed by signal 9 (SIGKILL).", ("2.11",)),
    "pod": (
        "The pod pod failed: TerminationByKubelet: The node was low on memory and OOMKilled (out of memory);"
        " exit code 137 (signal 9).",
        ("3.3", "2.11"),
    ),
}


def store_settings(store: Path, logging: str) -> dict[str, str]:
    """Return the variables of a store and of the logging configuration in use."""
    return {
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{store}",
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": logging,
    }


@pytest.mark.parametrize("scene", [scene for scene, (_, lines) in SCENES.items() if LINE in lines])
def test_log_says_once_how_the_try_ended(proof: Proof, scene: str) -> None:
    words = [line for line in proof.run("last_words", scene) if SCENES[scene][0] in line]
    assert len(words) == proof.expect(stock=0, fixed=1)
    assert all("ERROR" in word or '"level":"error"' in word for word in words)


def test_words_reach_the_store_when_the_log_is_elsewhere(proof: Proof) -> None:
    store = proof.home / "store"
    (store / PATH).parent.mkdir(parents=True)
    (store / chunk_key(PATH, 0)).write_text("from the dead worker\n")
    proof.run("last_words", "heartbeat elsewhere", **store_settings(store, RUNTIME_CONFIG[LINE]))
    if proof.mode == FIXED:
        wait_until((store / PATH).exists)
    text = (store / PATH).read_text() if (store / PATH).exists() else ""
    assert text.startswith("from the dead worker\n") == proof.expect(stock=False, fixed=True)
    assert text.count("Heartbeat lost") == proof.expect(stock=0, fixed=1)


@pytest.mark.parametrize(
    "logging", [None, "testing.own_logging.LOGGING_CONFIG"], ids=["no store", "operator's own logging"]
)
def test_nothing_is_written_where_nobody_would_read_it(half: Proof, logging: str | None) -> None:
    variables = store_settings(half.home / "store", logging) if logging else {}
    assert half.run("last_words", "heartbeat elsewhere", **variables) == []
    assert not (half.home / "logs" / PATH).exists()


def test_log_of_a_killed_task_says_what_the_kernel_counted(proof: Proof) -> None:
    with task_process(proof, KILLED) as task:
        task.wait()
        assert task.log.read_text().count("lack of memory") == proof.expect(stock=0, fixed=1)
