from __future__ import annotations

from testing.proof import Proof

SCENES = ("leftover", "object", "fork")


def test_signal_in_a_callback_stops_the_job(proof: Proof) -> None:
    stock, fixed = (dict.fromkeys(SCENES, outcome) for outcome in ("went on", "stopped"))
    assert proof.run("lost_exit", *SCENES) == proof.expect(stock=stock, fixed=fixed)
