from __future__ import annotations

from testing.mariadb import mariadb
from testing.proof import Proof

# Airflow's own choice for a database that it takes for MySQL; else its indexes are too long.
COLLATION = {"AIRFLOW__DATABASE__SQL_ENGINE_COLLATION_FOR_IDS": "utf8mb3_bin"}


def test_assets_that_no_dag_uses_are_deactivated(proof: Proof) -> None:
    with mariadb() as server:
        outcome = proof.run("mariadb_assets", server.create("airflow"), **COLLATION)
    assert ("1064" in outcome["error"]) is proof.expect(stock=True, fixed=False)
    assert outcome["active"] == proof.expect(stock=1, fixed=0)
