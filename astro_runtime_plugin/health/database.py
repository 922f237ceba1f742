"""Connects to the metadata database with the arguments that its driver takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Select

from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError
from entrypoint.endpoints import HIDDEN, endpoints
from entrypoint.errors import StartError
from entrypoint.url_parts import split_database_url

CONNECT_SECONDS = 5
# By SQLAlchemy's name of the driver: what the driver calls the time that connecting may take. Others get no limit.
TIMEOUTS: Mapping[str, str] = {
    "pysqlite": "timeout",
    "psycopg2": "connect_timeout",
    "psycopg": "connect_timeout",
    "pg8000": "timeout",
    "mysqldb": "connect_timeout",
    "pymysql": "connect_timeout",
    "mysqlconnector": "connection_timeout",
    "mariadbconnector": "connect_timeout",
}


def metadata_url(text: str) -> URL:
    """Return the URL in `text` as Airflow uses it. Raises UnhealthyError for text that is not a URL.

    Airflow rewrites the old spelling of PostgreSQL: `_upgrade_postgres_metastore_conn` in airflow/configuration.py.
    """
    try:
        return make_url(re.sub(r"^postgres(\+psycopg2)?://", "postgresql://", text))
    except (SQLAlchemyError, ValueError):
        raise UnhealthyError(
            "[database] sql_alchemy_conn holds an invalid value (hidden); it must be the URL of a database"
        ) from None


def metadata_address(text: str) -> str:
    """Return the server or the file in the URL `text`, and never a part of its password."""
    try:
        servers = endpoints(text, "[database] sql_alchemy_conn")
    except StartError:
        return "its address"
    if servers:
        return ", ".join(dict.fromkeys(map(str, servers)))
    url = split_database_url(text)
    if url.kind == "sqlite":  # has no password
        return url.path or "its address"
    if url.ambiguous:
        return HIDDEN
    return (url.host or url.path or "its address") + (f":{url.port}" if url.port else "")


def metadata_engine(url: URL, settings: HealthSettings) -> Engine:
    """Return an engine for the database. Raises what SQLAlchemy and the driver raise."""
    return create_engine(url, connect_args=connect_args(url, settings), poolclass=NullPool)


def connect_args(url: URL, settings: HealthSettings) -> dict[str, Any]:
    """Return the driver's arguments: a time limit, and the operator's `sql_alchemy_connect_args`."""
    path = settings.get("database", "sql_alchemy_connect_args", "")
    return {**time_limit(url.get_driver_name()), **((path and settings.import_attribute(path)) or {})}


def time_limit(driver: str) -> dict[str, int]:
    """Return the argument that limits how long a driver connects; none for a driver that is not known."""
    return {TIMEOUTS[driver]: CONNECT_SECONDS} if driver in TIMEOUTS else {}


def query_value(engine: Engine, query: Select[Any]) -> Any:
    """Return the query's first value."""
    with engine.connect() as connection:
        use_utc(connection)
        return connection.execute(query).scalar()


def use_utc(connection: Connection) -> None:
    """Make MySQL return times in UTC, as Airflow's own connections do; the other databases do so anyway."""
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(text("SET time_zone = '+00:00'"))
