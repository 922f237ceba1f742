from __future__ import annotations

from testing.proof import Proof


def test_triggerer_with_a_trigger_that_blocks_ends(proof: Proof) -> None:
    outcome = proof.run("hung_triggerer", AIRFLOW__TRIGGERER__RUNNER_HEALTH_CHECK_THRESHOLD="5")
    assert outcome == proof.expect(
        stock={"triggerer": "runs", "its triggers": "run"},
        fixed={"triggerer": "failed", "its triggers": "ended"},
    )
