"""A command and a scheduler import no task runner, and mask secrets as before; what forks tasks imports it for them."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof

TASK_RUNNER = "airflow.sdk.execution_time.task_runner"
MASKED = [["***", "***"], ["secret-of-a-command", "***"], ["secret-of-a-coroutine", "***"]]
MASKED += [["secret-by-name no-secret", "*** no-secret"], ["secret-of-a-task", "***"]]


def observe(proof: Proof, *words: str) -> Any:
    return proof.run("needless_task_runner", *words, AIRFLOW__API__SECRET_KEY="secret-of-the-core")


@pytest.mark.parametrize("word", ["version", "scheduler"])
def test_secrets_are_masked_without_the_task_runner(proof: Proof, word: str) -> None:
    imported = proof.expect(stock=[TASK_RUNNER, "libcst"], fixed=[])
    assert observe(proof, word) == {
        "imported": imported,
        "later": imported,
        "masked": MASKED,
        "sent": ["MaskSecret"],
    }


def test_celery_worker_has_the_task_runner_from_the_start(half: Proof) -> None:
    assert TASK_RUNNER in observe(half, "celery", "worker")["imported"]


def test_scheduler_has_the_task_runner_before_it_forks(half: Proof) -> None:
    assert half.run("module_at_fork", TASK_RUNNER, "needless-task-runner") is True
