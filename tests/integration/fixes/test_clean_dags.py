from __future__ import annotations

from testing.proof import Proof


def test_cleaning_deletes_dags_without_task_instances(proof: Proof) -> None:
    outcome = proof.run("clean_dags")
    assert outcome["error"] == proof.expect(stock="IntegrityError", fixed=None)
    assert outcome["dags"] == proof.expect(stock=["in_use", "unused"], fixed=["in_use"])
