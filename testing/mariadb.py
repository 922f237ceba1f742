"""A real MariaDB for a test, on a loopback port and in a temporary folder."""

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

UNSAFE_BUT_FAST = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin")


class MariaDB:
    """A running MariaDB that accepts everyone without a password."""

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
            result = connection.execute(text(statement))
            return [*result] if result.returns_rows else []


@contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run MariaDB as the user of the tests, without its system tables."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mariadb-") as home:
        (Path(home) / "data").mkdir()
        files = [
            f"--user={pwd.getpwuid(os.getuid()).pw_name}",
            f"--datadir={home}/data",
            f"--socket={home}/socket",
        ]
        access = ["--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}", "--skip-grant-tables"]
        with running(["mariadbd", "--no-defaults", *files, *access, *UNSAFE_BUT_FAST], port, Path(home)):
            yield MariaDB(port)
