"""Proof of the fix `last-words`: on Airflow 2.11 two may find out that a try was killed, and one says so."""

from __future__ import annotations

from testing.proof import Proof


def test_second_that_finds_out_says_nothing(proof: Proof) -> None:
    log = proof.run("last_words", "heartbeat after supervisor")
    words = [line for line in log if "supervisor of the task" in line or "Heartbeat lost" in line]
    assert len(words) == proof.expect(stock=0, fixed=1)
