"""Several schedulers look at once, on a real PostgreSQL: one of them fetches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.following.cluster import told
from tests.process.start import CHECKOUT
from tests.servers import Postgres, free_port, postgres
from tests.updates.documents import NAMES
from tests.updates.server import UpdateServer

LOOKERS = 4
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def looker(home: Path, database: str, url: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "tests.updates.looker", url],
        env=told(home, database, NOWHERE, NO_PROXY="127.0.0.1"),
        cwd=CHECKOUT,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
    )


def all_at_once(home: Path, database: str, url: str) -> list[str]:
    """Let the processes look when all of them are there; return what each has written."""
    with ExitStack() as stack:
        lookers = [stack.enter_context(looker(home, database, url)) for _ in range(LOOKERS)]
        for one in lookers:
            assert one.stdout
            while one.stdout.readline() != "ready\n":
                assert one.poll() is None
        for one in lookers:
            assert one.stdin
            one.stdin.write("\n")
            one.stdin.flush()
        return [one.communicate(timeout=120)[0] for one in lookers]


KNOWS = f"knows {len(NAMES)}\n"
A_DAY_LATER = """
    UPDATE astro_runtime_state SET at = at - 90000,
    told = regexp_replace(told, '"checked": [0-9.]+', '"checked": ' || (at - 90000))
"""


def test_of_many_one_fetches_each_day(tmp_path: Path, database: Postgres, server: UpdateServer) -> None:
    url = database.create("turns")  # without any table
    said = all_at_once(tmp_path, url, server.url("/document"))
    assert len(server.asked) == 1, said
    assert any(one.endswith(KNOWS) for one in said)
    assert "warning" not in "".join(said).lower()
    database.sql("turns", A_DAY_LATER)
    said = all_at_once(tmp_path, url, server.url("/document"))
    assert all(one.endswith(KNOWS) for one in said)
    assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, server.etag]


def test_a_server_that_is_broken_is_asked_once_by_all(
    tmp_path: Path, database: Postgres, server: UpdateServer
) -> None:
    said = all_at_once(tmp_path, database.create("broken"), server.url("/broken"))
    assert len(server.asked) == 1
    assert "".join(said).count("answers 500") == 1


def test_without_the_database_nothing_is_asked_for(tmp_path: Path, server: UpdateServer) -> None:
    away = f"postgresql+psycopg2://postgres@127.0.0.1:{free_port()}/none"
    with looker(tmp_path, away, server.url("/document")) as one:
        said, _ = one.communicate("\n", timeout=120)
    assert said.endswith("knows 0\n")
    assert said.count("cannot be stored: OperationalError") == 1, said
    assert server.asked == []
