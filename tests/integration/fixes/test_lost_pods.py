from __future__ import annotations

from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import Proof


def test_task_whose_pod_was_deleted_gets_another_one(proof: Proof) -> None:
    outcome = proof.run("lost_pods", **KUBERNETES_EXECUTOR)
    stock = {"pods": 1, "of the task": 0, "running": 2}
    assert outcome == proof.expect(stock=stock, fixed={"pods": 2, "of the task": 1, "running": 2})
