from __future__ import annotations

from testing.proof import Proof


def test_task_whose_pods_fail_before_it_begins_fails(proof: Proof) -> None:
    states = proof.run(
        "done_pods",
        AIRFLOW__CORE__EXECUTOR="KubernetesExecutor",
        AIRFLOW__KUBERNETES_EXECUTOR__DELETE_WORKER_PODS="False",
    )
    assert states == {"task_0": proof.expect(stock="queued", fixed="failed")}
