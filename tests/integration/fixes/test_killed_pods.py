from __future__ import annotations

from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import Proof


def test_running_task_whose_pod_has_failed_counts_as_lost(proof: Proof) -> None:
    outcome = proof.run("killed_pods", **KUBERNETES_EXECUTOR)
    assert outcome == {"lost": proof.expect(stock=[], fixed=["task_0", "task_1"])}
