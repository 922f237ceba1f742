from __future__ import annotations

from testing.proof import Proof


def test_process_gets_another_task_when_the_last_one_has_ended(proof: Proof) -> None:
    observed = proof.run("local_parallelism", AIRFLOW__CORE__EXECUTOR="LocalExecutor")
    assert observed == proof.expect(
        stock={"waiting": 0, "running": 0, "killed": 0},
        fixed={"waiting": 2, "running": 1, "killed": 1},
    )
