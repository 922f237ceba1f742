from __future__ import annotations

from testing.proof import Proof


def test_signal_during_garbage_collection_stops_the_job(proof: Proof) -> None:
    assert proof.run("lost_exit") == proof.expect(stock="went on", fixed="stopped")
