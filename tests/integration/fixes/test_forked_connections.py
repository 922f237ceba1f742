from __future__ import annotations

from testing.proof import Proof
from testing.servers import Postgres


def test_workers_that_query_together_all_get_an_answer(proof: Proof, metadata: Postgres) -> None:
    database = metadata.create(f"forks_{proof.mode}", "migrated")
    outcome = proof.run("forked_connections", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database)
    assert outcome == proof.expect(
        stock={"inherits": True, "all rounds went well": False},
        fixed={"inherits": False, "all rounds went well": True},
    )
