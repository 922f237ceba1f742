"""A real MariaDB for a test: on a loopback port and in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from testing.servers import free_port, running

CARELESS = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin")


class MariaDB:
    """A running MariaDB, in which nobody needs a password."""

    def __init__(self, port: int) -> None:
        self.port = port

    def create(self, database: str) -> str:
        """Create a database and return its SQLAlchemy URL."""
        self.sql("", f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        return self.url(database)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}"

    def sql(self, database: str, statement: str) -> list[Any]:
        """Run one statement and return its rows."""
        with create_engine(self.url(database), poolclass=NullPool).begin() as connection:
            done = connection.execute(text(statement))
            return [*done] if done.returns_rows else []


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run MariaDB as the user that the tests run as, without its system tables."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mariadb-") as home:
        (Path(home) / "data").mkdir()
        own = [
            f"--user={pwd.getpwuid(os.getuid()).pw_name}",
            f"--datadir={home}/data",
            f"--socket={home}/socket",
        ]
        where = ["--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}", "--skip-grant-tables"]
        with running(["mariadbd", "--no-defaults", *own, *where, *CARELESS], port, Path(home)):
            yield MariaDB(port)
