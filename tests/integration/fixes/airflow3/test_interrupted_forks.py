"""A scheduler that is stopped while its LocalExecutor starts processes tells each of them to end."""

from __future__ import annotations

from testing.proof import Proof


def test_each_process_that_was_started_ends(proof: Proof) -> None:
    observed = proof.run("interrupted_forks", "noted", "set up")
    fixed = {"noted": [0, 0], "set up": [0, 0]}
    assert observed == proof.expect(stock={"noted": [None], "set up": [1]}, fixed=fixed)
