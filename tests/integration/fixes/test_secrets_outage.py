from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof
from testing.servers import free_port

STOCK = {
    "3.3": {"variable": "404", "connection": "404"},
    "2.11": {"variable": "default", "connection": "AirflowNotFoundException"},
}[LINE]
FIXED = dict.fromkeys(("variable", "connection"), {"3.3": "500", "2.11": "OperationalError"}[LINE])


def test_nothing_counts_as_missing_while_the_database_is_away(proof: Proof) -> None:
    refusing = f"postgresql+psycopg2://airflow@127.0.0.1:{free_port()}/airflow"
    outcome = proof.run("secrets_outage", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=refusing)
    assert outcome == proof.expect(stock=STOCK, fixed=FIXED)
