"""The process that asks the workers: whatever it is handed, and wherever it runs, the scheduler is as before."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import background
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from entrypoint.capacity import Calculation

NOBODY = "redis://127.0.0.1:1/0"  # where no broker is
HANGS = ("sleep", "600")


@pytest.fixture
def bound() -> LimitState:
    return LimitState(Calculation(4, "a test's"), lambda _: None)


@pytest.fixture
def started(mocker: MockerFixture) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Return the processes that are started, which end with the test; the thread that would hear them is not."""
    made: list[subprocess.Popen[bytes]] = []
    mocker.patch.object(background, "start_thread")
    ask = ParallelismMonitor._ask_workers

    def kept(self: ParallelismMonitor, settings: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        made.append(ask(self, settings))
        return made[-1]

    mocker.patch.object(ParallelismMonitor, "_ask_workers", kept)
    yield made
    for process in made:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[bytes]) -> dict[str, str]:
    assert process.stdout
    told: dict[str, str] = json.loads(process.stdout.readline())
    return told


def test_nobody_waits_for_an_answer(bound: LimitState, started: list[subprocess.Popen[bytes]]) -> None:
    ParallelismMonitor(bound, {}, HANGS).start({})
    assert [process.poll() for process in started] == [None]
    assert bound.value == 4


def test_settings_that_cannot_be_handed_over_are_said_and_fail_nobody(
    bound: LimitState, started: list[subprocess.Popen[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    ParallelismMonitor(bound, {}).start({"broker_transport_options": {"lock": threading.Lock()}})
    assert started == []
    (said,) = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert said.startswith("astro-runtime: parallelism stays 4: the workers cannot be asked: TypeError(")


def test_a_project_may_have_modules_of_the_same_names(
    tmp_path: Path,
    bound: LimitState,
    started: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("entrypoint", "celery", "redis", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a project')\n")
    monkeypatch.chdir(tmp_path)
    ParallelismMonitor(bound, {}).start({"broker_url": NOBODY})
    assert answer(started[0]) == {"error": "OperationalError"}


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("class Provider: pass", "OperationalError"),
        ("import sys\nclass Provider: pass\nif sys.argv[0] == '-c': raise OSError('no')", "OSError('no')"),
    ],
)
def test_what_the_settings_name_is_found_where_the_scheduler_finds_it(
    tmp_path: Path,
    bound: LimitState,
    started: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    error: str,
) -> None:
    name = f"provider_{len(error)}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    provider = __import__(name).Provider()
    ParallelismMonitor(bound, {}).start(
        {"broker_url": NOBODY, "broker_transport_options": {"provider": provider}}
    )
    assert answer(started[0]) == {"error": error}
