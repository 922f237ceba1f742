from __future__ import annotations

from testing.proof import Proof
from testing.servers import Postgres


def test_success_survives_a_deadlock_while_assets_are_updated(proof: Proof, metadata: Postgres) -> None:
    database = metadata.create(f"asset_deadlock_{proof.mode}", "migrated")
    outcome = proof.run("asset_deadlock", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database)
    assert outcome == proof.expect(
        stock={"state": "failed", "asset events": 0},
        fixed={"state": "success", "asset events": 1},
    )
