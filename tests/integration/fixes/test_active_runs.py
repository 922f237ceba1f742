from __future__ import annotations

from testing.proof import Proof


def test_end_of_any_run_unblocks_its_dag(proof: Proof) -> None:
    outcome = proof.run("active_runs")
    assert outcome["operator_triggered"] is proof.expect(stock=True, fixed=False)
    assert outcome["asset_materialization"] is proof.expect(stock=True, fixed=False)
    assert outcome["manual"] is False
    assert outcome["backfill"] is True  # not counted
