from __future__ import annotations

from testing.proof import Proof


def test_task_runs_after_an_idle_worker_was_killed(proof: Proof) -> None:
    taken = proof.run("killed_local_worker", AIRFLOW__CORE__EXECUTOR="LocalExecutor")
    assert taken == proof.expect(stock=False, fixed=True)
