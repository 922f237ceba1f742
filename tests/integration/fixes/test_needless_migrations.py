"""The database's version is compared without Alembic where it is the newest; otherwise Alembic decides, as in stock."""

from __future__ import annotations

from testing.installed_line import LINE
from testing.proof import Proof

PROBE, CURRENT = "needless_migrations", "current"
HEAVY = {"3.3": ["alembic"], "2.11": ["alembic", "airflow.www.app"]}[LINE]
ENDS = {
    CURRENT: None,
    "the same ini by its path": None,
    "an ini with more versions": "SystemExit",
    "behind": "SystemExit",
    "unknown": "SystemExit",
    "two": "SystemExit",
    "empty": "SystemExit",
    "without tables": "SystemExit",
}


def test_current_database_is_compared_without_alembic(proof: Proof) -> None:
    seen = proof.run(PROBE, *ENDS)
    assert {name: scene["end"] for name, scene in seen.items()} == ENDS
    imported = {name: proof.expect(stock=HEAVY, fixed=[] if name == CURRENT else HEAVY) for name in ENDS}
    assert {name: scene["imported"] for name, scene in seen.items()} == imported


def test_newest_version_is_alembics(half: Proof) -> None:
    newest, version = half.run(PROBE, "newest versions")["newest versions"]
    assert newest == version


def test_database_that_is_away_is_reported_as_by_stock_airflow(half: Proof) -> None:
    away = "postgresql://nobody@127.0.0.1:9/airflow"
    seen = half.run(PROBE, CURRENT, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=away)[CURRENT]
    assert seen["end"] == "OperationalError"


def test_file_that_is_no_database_is_reported_as_by_stock_airflow(half: Proof) -> None:
    assert half.run(PROBE, "no database")["no database"]["end"] == "DatabaseError"
