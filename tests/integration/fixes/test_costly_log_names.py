from __future__ import annotations

from testing.proof import Proof


def test_template_of_log_names_is_parsed_once(proof: Proof) -> None:
    outcome = proof.run("costly_log_names")
    folder = "dag_id=dag/run_id=run/task_id=task_0"
    assert outcome["names"] == [f"{folder}/attempt=1.log", f"{folder}/attempt=2.log"]
    assert outcome["compiled"] == proof.expect(stock=2, fixed=1)
