from __future__ import annotations

from testing.proof import Proof


def test_watcher_of_a_stopping_scheduler_ends_by_sigterm(proof: Proof) -> None:
    assert proof.run("watcher_sigterm") == proof.expect(stock=False, fixed=True)
