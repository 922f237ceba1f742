from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof
from testing.servers import Postgres

# What Airflow does without the fix.
STOCK = {
    "2.11": {"inherits": True, "frees": False, "all rounds went well": False},
    "3.3": {"inherits": False, "frees": True, "all rounds went well": True},
}[LINE]


def test_workers_that_query_together_all_get_an_answer(proof: Proof, metadata: Postgres) -> None:
    database = metadata.create(f"forks_{proof.mode}", "migrated")
    outcome = proof.run("forked_connections", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database)
    assert outcome == proof.expect(
        stock=STOCK, fixed={"inherits": False, "frees": False, "all rounds went well": True}
    )
