from __future__ import annotations

from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import Proof


def test_loop_goes_on_while_a_pod_cannot_be_deleted(proof: Proof) -> None:
    outcome = proof.run("pod_deletion_outage", **KUBERNETES_EXECUTOR)
    kept_pod = [{"task_2": "success"}, {"task_1": "success"}]
    assert outcome.pop("kept pod", None) == proof.expect(stock=None, fixed=kept_pod)
    assert outcome == {
        "goes on": proof.expect(stock=False, fixed=True),
        "states": {"task_0": "success"},
    }
