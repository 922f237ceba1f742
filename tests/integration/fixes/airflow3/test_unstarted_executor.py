"""A scheduler that is stopped before its LocalExecutor has started ends it without an error."""

from __future__ import annotations

from testing.proof import Proof


def test_executor_that_was_not_started_ends_without_an_error(proof: Proof) -> None:
    error = "'LocalExecutor' object has no attribute 'workers'"
    assert proof.run("unstarted_executor") == proof.expect(stock=error, fixed=None)
