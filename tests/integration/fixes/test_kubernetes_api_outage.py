from __future__ import annotations

from testing.kubernetes_api import KUBERNETES_EXECUTOR
from testing.proof import Proof
from testing.scheduler_parts import HEARTBEAT_THRESHOLD


def test_scheduler_goes_on_without_the_api_server(proof: Proof) -> None:
    outcome = proof.run(
        "kubernetes_api_outage",
        AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE="16",
        **KUBERNETES_EXECUTOR,
        **HEARTBEAT_THRESHOLD,
    )
    raises = proof.expect(stock=True, fixed=False)
    round_ = {"heartbeat": raises, "adoption": raises, "tasks are untouched": True}
    assert outcome["away"] == {"0": round_, "503": round_}
    assert outcome["adopted"] == ["", 2]
    running = proof.expect(stock=1, fixed=2)
    assert outcome["revocation"] == {"error": raises, "tasks are untouched": True, "running": running}
    assert outcome["limit"] == [True, True]
    assert outcome["revoked"] == ["", ["scheduled", "scheduled"]]
