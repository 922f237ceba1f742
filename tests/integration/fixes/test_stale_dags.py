from __future__ import annotations

from testing.proof import Proof


def test_dags_of_a_file_whose_parsing_was_killed_stay_active(proof: Proof) -> None:
    outcome = proof.run("stale_dags")
    assert outcome["killed"] == proof.expect(stock=[], fixed=["first", "second"])
    assert outcome["crashed"] == proof.expect(stock=[], fixed=["first", "second"])
    assert outcome["removed from the file"] == ["first"]
