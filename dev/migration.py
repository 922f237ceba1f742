"""When the metadata database needs `airflow db migrate`, which costs seconds even if there is nothing to do."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from dev.home import write_private
from entrypoint.config_file import AirflowCfg
from entrypoint.defaults import DATABASE_URL
from entrypoint.overrides import find_override

STAMP = ".make-run-migrated"
TABLES = "SELECT name FROM sqlite_master WHERE name GLOB 'alembic_version*' ORDER BY name"


def needed(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> bool:
    """Whether anything that a migration depends on has changed since the last one that was remembered."""
    fingerprint = _fingerprint(home, environ, cfg)
    stamp = home / STAMP
    return fingerprint is None or not stamp.exists() or stamp.read_text() != fingerprint


def remember(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> None:
    """Note that the metadata database has just been migrated."""
    fingerprint = _fingerprint(home, environ, cfg)
    if fingerprint is not None:
        write_private(home / STAMP, fingerprint)


def _fingerprint(home: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> str | None:
    """Return a digest of the packages, the settings and the revisions in the database.

    None where the database is not our own SQLite file, whose state only Airflow can tell.
    """
    revisions = _revisions(home / "airflow.db")
    if revisions is None or find_override(DATABASE_URL, environ, cfg, sensitive=True):
        return None
    packages = sorted(f"{found.name} {found.version}" for found in importlib.metadata.distributions())
    settings = sorted(pair for pair in environ.items() if pair[0].startswith("AIRFLOW_"))
    text = json.dumps([packages, settings, Path(cfg.path).read_text(), revisions])
    return hashlib.sha256(text.encode()).hexdigest()


def _revisions(database: Path) -> list[tuple[str, ...]] | None:
    """Return the Alembic revisions, Airflow's and its providers'; None where there is no database to ask."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(database)) as connection:
            tables = [table for (table,) in connection.execute(TABLES)]
            return [(table, *row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    except sqlite3.Error:
        return None
