from __future__ import annotations

from testing.proof import Proof
from testing.servers import postgres


def test_migration_waits_for_another_one(proof: Proof) -> None:
    with postgres() as server:
        outcome = proof.run(
            "migration_lock", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=server.create("airflow_migrations")
        )
    assert outcome == proof.expect(stock="InFailedSqlTransaction", fixed="locked")
