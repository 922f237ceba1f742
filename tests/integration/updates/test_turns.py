"""Several schedulers look at once, on a real PostgreSQL and a real MariaDB: one of them fetches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from testing.celery_cluster import celery_environment
from testing.entrypoint_process import CHECKOUT
from testing.mariadb import MariaDB, mariadb
from testing.servers import Postgres, free_port, postgres
from testing.update_documents import NAMES
from testing.update_server import UpdateServer

LOOKERS = 4
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module", params=[postgres, mariadb])
def database(request: pytest.FixtureRequest) -> Iterator[Postgres | MariaDB]:
    with request.param() as running:
        yield running


def looker(home: Path, database: str, url: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.updates.looker", url],
        env=celery_environment(home, database, NOWHERE, NO_PROXY="127.0.0.1"),
        cwd=CHECKOUT,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(one: subprocess.Popen[str], start: str) -> str:
    """Return what a process has written, up to the line that begins with `start`."""
    said = ""
    assert one.stdout
    for line in one.stdout:
        said += line
        if line.startswith(start):
            return said
    raise AssertionError(said)


@contextmanager
def lookers(home: Path, database: str, url: str) -> Iterator[Callable[[], list[str]]]:
    """Run processes, and yield what lets all of them look at once and returns what each has written of it."""
    with ExitStack() as stack:
        running = [stack.enter_context(looker(home, database, url)) for _ in range(LOOKERS)]
        for one in running:
            read_until(one, "ready")

        def all_at_once() -> list[str]:
            for one in running:
                assert one.stdin
                one.stdin.write("\n")
                one.stdin.flush()
            return [read_until(one, "knows") for one in running]

        yield all_at_once
        for one in running:
            one.communicate(timeout=60)


KNOWS = f"knows {len(NAMES)}\n"
A_DAY_LATER = """
    UPDATE astro_runtime_state
    SET value = regexp_replace(value, '"checked": [0-9.]+', concat('"checked": ', updated_at - 90000)),
        updated_at = updated_at - 90000
"""


def test_of_many_one_fetches_each_day(
    tmp_path: Path, database: Postgres | MariaDB, server: UpdateServer
) -> None:
    url = database.create("turns")  # without any table
    with lookers(tmp_path, url, server.url("/document")) as all_at_once:
        said = all_at_once()
        assert len(server.asked) == 1, said
        assert any(one.endswith(KNOWS) for one in said)
        assert "warning" not in "".join(said).lower()
        database.sql("turns", A_DAY_LATER)
        said = all_at_once()
        assert all(one.endswith(KNOWS) for one in said)
    assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, server.etag]


def test_a_server_that_is_broken_is_asked_once_by_all(
    tmp_path: Path, database: Postgres | MariaDB, server: UpdateServer
) -> None:
    url = database.create("broken")
    with lookers(tmp_path, url, server.url("/broken")) as all_at_once:
        said = all_at_once() + all_at_once()
    assert len(server.asked) == 1
    assert "".join(said).count("answers 500") == 1


def test_without_the_database_nothing_is_asked_for(tmp_path: Path, server: UpdateServer) -> None:
    away = f"postgresql+psycopg2://postgres@127.0.0.1:{free_port()}/none"
    with looker(tmp_path, away, server.url("/document")) as one:
        said, _ = one.communicate("\n", timeout=120)
    assert said.endswith("knows 0\n")
    assert said.count("cannot be stored: OperationalError") == 1, said
    assert server.asked == []
