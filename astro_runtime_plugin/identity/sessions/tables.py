"""The two tables of identity in the metadata database: sessions, and what may be used only once."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table

from astro_runtime_plugin.database.own_table import OwnTable
from astro_runtime_plugin.database.state import LONG_TEXT, SCHEMA

# Moments are seconds since the epoch, by the clock of the process that writes.
SESSIONS = Table(
    "astro_runtime_session",
    MetaData(schema=SCHEMA),
    Column("id_hash", String(64), primary_key=True),  # SHA-256 of the id, which only the browser has
    Column("subject_hash", String(64), nullable=False),  # of issuer and sub, for logout by the provider
    Column("sid_hash", String(64), nullable=False),  # of issuer and sid; empty if the provider sends none
    Column(
        "data", LONG_TEXT, nullable=False
    ),  # encrypted JSON: user, claims, tokens; empty once it has ended
    Column("renewed_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Column("ends_at", Float(53), nullable=False),
    Column("version", Integer, nullable=False),  # counts the changes
    Column("claim", String(32), nullable=False),  # of the process that renews it now; else empty
    Column("end_reason", String(20), nullable=False),  # empty while it is alive
    Index("astro_runtime_session_subject", "subject_hash"),
    Index("astro_runtime_session_sid", "sid_hash"),
    Index("astro_runtime_session_end", "ends_at"),
)
# Login states and logout tokens that were used, admin tokens that were not, and logouts by the provider.
ONCE = Table(
    "astro_runtime_login",
    MetaData(schema=SCHEMA),
    Column("kind", String(20), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    Index("astro_runtime_login_expiry", "expires_at"),
)
ONCE_TABLE = OwnTable(ONCE)
SESSION_TABLE = OwnTable(SESSIONS)
