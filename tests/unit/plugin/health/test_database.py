"""The arguments of each driver's connect function."""

from __future__ import annotations

import inspect
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pymysql  # type: ignore[import-untyped]
import pytest
from sqlalchemy import text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url

from astro_runtime_plugin.health.database import (
    CONNECT_SECONDS,
    TIMEOUTS,
    metadata_address,
    metadata_engine,
    metadata_url,
    time_limit,
)
from astro_runtime_plugin.health.settings import read_settings
from entrypoint.endpoints import HIDDEN


class PickyDriver:
    """A driver whose connect function takes nothing but the database's name."""

    paramstyle, sqlite_version_info, Error = "qmark", sqlite3.sqlite_version_info, sqlite3.Error

    @staticmethod
    def connect(database: str, check_same_thread: bool = True) -> sqlite3.Connection:
        return sqlite3.connect(database, check_same_thread=check_same_thread)


class PickyDialect(SQLiteDialect_pysqlite):
    driver, supports_statement_cache = "picky", True

    @classmethod
    def import_dbapi(cls) -> Any:
        return PickyDriver

    dbapi = import_dbapi  # type: ignore[assignment] # SQLAlchemy 1.4


@pytest.mark.parametrize("url", ["sqlite:////x", "mysql+pymysql://h/x"])
def test_time_limit_is_an_argument_of_the_driver(url: str) -> None:
    connect = {"pysqlite": sqlite3.connect, "pymysql": pymysql.connect}[make_url(url).get_driver_name()]
    arguments = time_limit(make_url(url).get_driver_name())
    text_of_signature = str(inspect.signature(connect)) if connect is not sqlite3.connect else "timeout="
    assert arguments
    assert all(f"{name}=" in text_of_signature for name in arguments)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_time_limit_is_an_argument_of_libpq(driver: str) -> None:
    keywords = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    assert TIMEOUTS[driver] in keywords
    assert time_limit(driver) == {"connect_timeout": CONNECT_SECONDS}


@pytest.mark.parametrize("driver", ["asyncpg", "pyodbc", "oracledb", "picky"])
def test_unknown_driver_gets_no_argument(driver: str) -> None:
    assert time_limit(driver) == {}


def test_driver_with_other_arguments_is_used(tmp_path: Path) -> None:
    registry.register("sqlite.picky", __name__, "PickyDialect")
    url = f"sqlite+picky:///{tmp_path}/a.db"
    settings = read_settings({"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}, ())
    with metadata_engine(metadata_url(url), settings).connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgres://h/x", "postgresql"),
        ("postgres+psycopg2://h/x", "postgresql"),
        ("postgresql+psycopg://h/x", "postgresql+psycopg"),
    ],
)
def test_old_spelling_of_postgresql_is_rewritten_as_airflow_does(url: str, driver: str) -> None:
    assert metadata_url(url).drivername == driver


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:pa@ssw0rd@127.0.0.1:1/db", HIDDEN),
        ("postgresql://u:pa@ss?w0rd@127.0.0.1/db", HIDDEN),
        ("mssql+pyodbc://u:pa@ssw0rd@db/airflow", HIDDEN),
        ("mssql+pyodbc://u:password@db:1433/airflow", "db:1433"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dpassword", "its address"),
        ("postgres://u:password@db/airflow", "db:5432"),
        ("postgresql://u:password@db:70000/airflow", "its address"),
        ("postgresql://u:password@/airflow?host=a:1&host=b:2", "a:1, b:2"),
        ("postgresql:///airflow", "airflow"),
        ("sqlite:////data/me@work.db", "/data/me@work.db"),
        ("sqlite://", "its address"),
    ],
)
def test_address_is_shown_without_password(url: str, address: str) -> None:
    assert metadata_address(url) == address
