"""A command imports no task runner, and masks secrets as before; a component imports it for its tasks."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof

BOTH = ["airflow.sdk.execution_time.task_runner", "libcst"]
MASKED = [["***", "***"], ["secret-of-a-command", "***"], ["secret-of-a-coroutine", "***"]]
MASKED += [["secret-by-name no-secret", "*** no-secret"], ["secret-of-a-task", "***"]]


def observe(proof: Proof, *words: str) -> Any:
    return proof.run("needless_task_runner", *words, AIRFLOW__API__SECRET_KEY="secret-of-the-core")


def test_command_masks_secrets_without_the_task_runner(proof: Proof) -> None:
    imported = proof.expect(stock=BOTH, fixed=[])
    assert observe(proof, "version") == {
        "imported": imported,
        "later": imported,
        "masked": MASKED,
        "sent": ["MaskSecret"],
    }


@pytest.mark.parametrize("words", [("scheduler",), ("celery", "worker")], ids=" ".join)
def test_component_has_the_task_runner_before_it_forks(half: Proof, words: tuple[str, ...]) -> None:
    assert observe(half, *words)["imported"] == BOTH
