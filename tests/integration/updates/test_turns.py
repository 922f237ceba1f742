"""Several schedulers check at the same time, on a real PostgreSQL and a real MariaDB; one of them fetches."""

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
from testing.waiting import read_until

CHECKERS = 4
NO_BROKER = "redis://127.0.0.1:1/0"
STORED = f"stored {len(NAMES)}\n"
# Makes the stored document and the turn older than a day.
AGE_BY_A_DAY = """
    UPDATE astro_runtime_state
    SET value = regexp_replace(value, '"checked": [0-9.]+', concat('"checked": ', updated_at - 90000)),
        updated_at = updated_at - 90000
"""


@pytest.fixture(scope="module", params=[postgres, mariadb])
def database(request: pytest.FixtureRequest) -> Iterator[Postgres | MariaDB]:
    with request.param() as running:
        yield running


def start_checker(home: Path, database: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "testing.update_checker_process", url],
        env=celery_environment(home, database, NO_BROKER, NO_PROXY="127.0.0.1"),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def run_checkers(home: Path, database: str, url: str) -> Iterator[Callable[[], list[str]]]:
    """Run processes, and yield a function that makes all of them check and returns the output of each."""
    with ExitStack() as stack:
        checkers = [stack.enter_context(start_checker(home, database, url)) for _ in range(CHECKERS)]
        for checker in checkers:
            read_until(checker.stdout, "^ready")

        def check_all() -> list[str]:
            for checker in checkers:
                assert checker.stdin
                checker.stdin.write("\n")
                checker.stdin.flush()
            return [read_until(checker.stdout, "^stored") for checker in checkers]

        yield check_all
        for checker in checkers:
            checker.communicate(timeout=300)


def test_one_of_many_schedulers_fetches_each_day(
    tmp_path: Path, database: Postgres | MariaDB, server: UpdateServer
) -> None:
    url = database.create("turns")  # without any table
    with run_checkers(tmp_path, url, server.url("/document")) as check_all:
        outputs = check_all()
        assert len(server.requests) == 1, outputs
        assert any(output.endswith(STORED) for output in outputs)
        assert "warning" not in "".join(outputs).lower()
        database.sql("turns", AGE_BY_A_DAY)
        outputs = check_all()
        assert all(output.endswith(STORED) for output in outputs)
    assert [headers.get("If-None-Match") for _, headers in server.requests] == [None, server.etag]


def test_broken_server_gets_one_request_from_all_schedulers(
    tmp_path: Path, database: Postgres | MariaDB, server: UpdateServer
) -> None:
    url = database.create("broken")
    with run_checkers(tmp_path, url, server.url("/broken")) as check_all:
        outputs = check_all() + check_all()
    assert len(server.requests) == 1
    assert "".join(outputs).count("responds with 500") == 1


def test_unavailable_database_means_no_request(tmp_path: Path, server: UpdateServer) -> None:
    unavailable = f"postgresql+psycopg2://postgres@127.0.0.1:{free_port()}/none"
    with start_checker(tmp_path, unavailable, server.url("/document")) as checker:
        output, _ = checker.communicate("\n", timeout=300)
    assert output.endswith("stored 0\n")
    assert output.count("cannot be stored: OperationalError") == 1, output
    assert server.requests == []
