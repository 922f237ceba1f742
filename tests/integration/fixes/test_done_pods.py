from __future__ import annotations

from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import Proof


def test_late_report_of_a_pod_does_not_count_for_the_next_pod(proof: Proof) -> None:
    outcome = proof.run(
        "done_pods",
        AIRFLOW__KUBERNETES_EXECUTOR__DELETE_WORKER_PODS="False",
        **KUBERNETES_EXECUTOR,
    )
    assert outcome == {
        "states": {"task_0": proof.expect(stock="queued", fixed="failed")},
        "knows the deferred task": proof.expect(stock=False, fixed=True),
    }
