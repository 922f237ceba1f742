from __future__ import annotations

from testing.proof import Proof


def test_local_executor_ends_whatever_its_processes_report(proof: Proof) -> None:
    observed = proof.run("unread_results", AIRFLOW__CORE__EXECUTOR="LocalExecutor")
    failed = dict.fromkeys(("task_0", "task_1", "task_2"), "failed")
    assert observed == proof.expect(
        stock={"ended": False, "states": {}}, fixed={"ended": True, "states": failed}
    )
