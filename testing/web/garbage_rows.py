"""Rows in a web server's database that no release of the Runtime writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import APIRequestContext

from testing.waiting import retry
from testing.web.api_assertions import PATHS
from testing.web.web_server import WebServer

ALL_PATHS = (*PATHS, "/astro-runtime/page")
KINDS = ("component", "parallelism", "update document", "dismissed notice")
VALUES = (
    "",
    "{",
    "[]",
    "null",
    "1e999",
    '{"host": "\\ud800"}',
    '{"workers": [[]], "parallelism": {}}',
    "[" * 50_000,
)
SKEWS = (0.0, 1e12)  # seconds from now


@contextmanager
def garbage_rows(server: WebServer) -> Iterator[None]:
    """Write garbage of every kind, now and in the future, until the end of the block."""
    rows = [
        (kind, f"garbage {number} {skew}", value, time.time() + skew)
        for kind in KINDS
        for number, value in enumerate(VALUES)
        for skew in SKEWS
    ]
    path = Path(server.environ["AIRFLOW_HOME"]) / "airflow.db"
    with closing(sqlite3.connect(path, timeout=300)) as database:
        with database:
            database.executemany("INSERT INTO astro_runtime_state VALUES (?, ?, ?, ?)", rows)
        try:
            yield
        finally:
            with database:
                database.execute("DELETE FROM astro_runtime_state WHERE name LIKE 'garbage %'")


def assert_garbage_does_no_harm(request: APIRequestContext, server: WebServer) -> None:
    """Assert that every path answers, with the components, and that each kind of row is warned about once."""
    retry(lambda: assert_components_are_listed(request, server), AssertionError)
    with garbage_rows(server):
        for path in ALL_PATHS * 2:
            assert request.get(f"{server.url}{path}").status == 200, path
        assert_components_are_listed(request, server)
    assert_warnings_are_few(server)


def assert_components_are_listed(request: APIRequestContext, server: WebServer) -> None:
    """Assert that the API lists a component; the web server records itself soon after its start."""
    assert request.get(f"{server.url}/astro-runtime/api/components").json()


def assert_warnings_are_few(server: WebServer) -> None:
    """Assert that each kind of row was warned about, but once in each of the server's processes."""
    log = server.log.read_text()
    for kind in ("component", "parallelism"):
        assert log.count(f"the {kind} row") == 1, kind
