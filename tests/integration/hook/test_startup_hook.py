"""The startup hook in a real process of each kind, none started by the entrypoint: the same values, from inside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from entrypoint.record import RECORD_VARIABLE
from testing.entrypoint_process import CHECKOUT
from testing.servers import free_port, postgres, redis
from tests.integration.hook import expected, probe


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a whole Airflow runs with CeleryExecutor, until its task has told."""
    home, port = tmp_path_factory.mktemp("hook"), str(free_port())
    probe.make(home, expected.CFG)
    with postgres() as server, redis() as broker, ExitStack() as stack:
        environ = probe.environment(home, expected.environment(server.create("airflow"), broker, port))
        migration = subprocess.run(["airflow", "db", "migrate"], env=environ, capture_output=True, text=True)
        assert migration.returncode == 0, migration.stderr
        stack.enter_context(probe.running(home, environ, expected.web(port)))
        probe.answers(f"http://{expected.HOST}:{port}{expected.WEB_PATH}")  # without it 3.3's task fails
        stack.enter_context(probe.running(home, environ, expected.COMPONENTS))
        for kind in (*expected.INSIDE, *expected.READERS):
            probe.seen(home, kind)
        probe.seen(home, "process", lambda told: all(of_kind(told, kind) for kind in expected.LOGS))
        yield home


def of_kind(told: list[Any], kind: str) -> list[Any]:
    """Return what processes of the kind have told: `airflow KIND`, or `KIND/__main__.py`, a module that was run."""
    return [one for one in told if kind in (*Path(one["argv"][0]).parts[-2:], *one["argv"][1:2])]


@pytest.fixture(scope="module")
def record(home: Path) -> str:
    """What the entrypoint makes of the same environment and airflow.cfg."""
    environ = probe.environment(home, expected.environment("sqlite:///none", "redis://none", "0"))
    words = [sys.executable, "-m", "entrypoint", "printenv", RECORD_VARIABLE]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_entrypoint_has_these_values(record: str) -> None:
    assert {row[1]: row[2] for row in json.loads(record)} == expected.VALUES


@pytest.mark.parametrize("kind", expected.LOGS)
def test_a_component_has_the_values_and_the_record_of_the_entrypoint(
    home: Path, record: str, kind: str
) -> None:
    told = of_kind(probe.seen(home, "process"), kind)
    assert told
    for one in told:
        assert one["values"] == expected.IN_CONF
        assert one["record"] == record


@pytest.mark.parametrize("reader", expected.READERS)
def test_a_task_has_them_whatever_it_reads_them_by(home: Path, record: str, reader: str) -> None:
    for one in probe.seen(home, reader):
        assert one["values"] == expected.IN_CONF
        assert one["record"] == record


@pytest.mark.parametrize("kind", expected.INSIDE)
def test_airflow_works_by_them(home: Path, kind: str) -> None:
    (told,) = probe.seen(home, kind)
    assert told["inside"] == {name: value for name, (_, value) in expected.INSIDE[kind].items()}


@pytest.mark.parametrize("kind", sorted(set(expected.LOGS.values())))
def test_a_carried_override_is_told_once_in_the_log_of_each_component(home: Path, kind: str) -> None:
    log = (home / f"{kind}.log").read_text()
    assert log.count(expected.FORWARDED) == 1
    assert "Airflow starts without" not in log
