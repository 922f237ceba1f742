"""The child process that queries the workers: whatever its question and its folder, the scheduler is unaffected."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import background, child_process
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import INSPECT_MODULE, ParallelismMonitor
from entrypoint.capacity import Calculation

NO_BROKER = "redis://127.0.0.1:1/0"


@pytest.fixture
def limit() -> LimitState:
    return LimitState(Calculation(4, "a test's"), lambda _: None)


@pytest.fixture
def children(mocker: MockerFixture) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The children that are started, which end with the test; the thread that would read their answers is not."""
    children: list[subprocess.Popen[bytes]] = []
    mocker.patch.object(background, "start_thread")
    start = child_process.start

    def start_and_keep(module: str, question: Any) -> subprocess.Popen[bytes]:
        children.append(start(module, question))
        return children[-1]

    mocker.patch.object(child_process, "start", start_and_keep)
    yield children
    for child in children:
        child.kill()
        child.communicate()


def read_answer(child: subprocess.Popen[bytes]) -> dict[str, str]:
    assert child.stdout
    answer: dict[str, str] = json.loads(child.stdout.readline())
    return answer


def test_start_does_not_wait_for_an_answer(
    mocker: MockerFixture, limit: LimitState, children: list[subprocess.Popen[bytes]]
) -> None:
    mocker.patch.object(child_process, "command", return_value=["sleep", "600"])
    ParallelismMonitor(limit, []).start({})
    assert [child.poll() for child in children] == [None]
    assert limit.value == 4


def test_settings_that_cannot_be_pickled_are_logged(
    limit: LimitState, children: list[subprocess.Popen[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    ParallelismMonitor(limit, []).start({"broker_transport_options": {"lock": threading.Lock()}})
    assert children == []
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warning == "astro-runtime: parallelism stays 4: could not query the workers: TypeError"


def test_project_may_have_modules_of_the_same_names(
    tmp_path: Path,
    limit: LimitState,
    children: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("entrypoint", "celery", "redis", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a project')\n")
    monkeypatch.chdir(tmp_path)
    ParallelismMonitor(limit, []).start({"broker_url": NO_BROKER})
    assert read_answer(children[0]) == {"error": "OperationalError"}


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("class Provider: pass", "OperationalError"),
        (
            f"import sys\nclass Provider: pass\nif {INSPECT_MODULE!r} in sys.argv: raise OSError('redis://:secret@host')",
            "OSError",
        ),
    ],
)
def test_modules_in_the_settings_are_imported_from_the_schedulers_path(
    tmp_path: Path,
    limit: LimitState,
    children: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    error: str,
) -> None:
    name = f"provider_{len(error)}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    provider = __import__(name).Provider()
    ParallelismMonitor(limit, []).start(
        {"broker_url": NO_BROKER, "broker_transport_options": {"provider": provider}}
    )
    assert read_answer(children[0]) == {"error": error}
