"""When a worker counts as drained, and for how long a silent one is asked."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.drain import worker_control
from astro_runtime_plugin.drain.progress import CANCELLATIONS, Drain
from astro_runtime_plugin.drain.worker_control import ATTEMPTS, WorkerControl
from astro_runtime_plugin.drain.worker_tasks import WorkerTask
from astro_runtime_plugin.health.drained_worker import is_drained
from entrypoint.errors import StartError

NODE = "celery@a"


class Replies:
    """A worker in this process, with these replies about its queues."""

    node = NODE

    def __init__(self, *queues: list[str] | None) -> None:
        self._queues = iter(queues)
        self.marks: list[bool] = []  # whether it counted as drained at each cancellation

    def queues(self) -> list[str] | None:
        return next(self._queues)

    def tasks(self, end: float) -> list[WorkerTask]:
        return [WorkerTask()]

    def process(self) -> psutil.Process:
        return psutil.Process()

    def stop_consuming(self, queues: list[str]) -> None:
        self.marks.append(is_drained(NODE))


@pytest.fixture(autouse=True)
def tempdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def begin(worker: Any) -> list[str]:
    lines: list[str] = []
    durations: Any = None
    Drain(worker, durations, lines.append).begin()
    return lines


def test_worker_counts_as_drained_once_it_takes_nothing() -> None:
    worker = Replies(["default"], ["default"], [])
    assert begin(worker) == [f"{NODE} takes no new task of default"]
    assert (worker.marks, is_drained(NODE)) == ([False, False], True)


def test_worker_that_goes_on_taking_tasks_does_not_count_as_drained() -> None:
    with pytest.raises(StartError, match="goes on taking tasks"):
        begin(Replies(*[["default"]] * (CANCELLATIONS + 1)))
    assert not is_drained(NODE)


def test_worker_that_falls_silent_does_not_count_as_drained() -> None:
    with pytest.raises(StartError, match="does not answer any more"):
        begin(Replies(["default"], *[None] * CANCELLATIONS))
    assert not is_drained(NODE)


@pytest.mark.parametrize("seconds", [0, math.nan])
def test_drain_gives_up_after_its_time(seconds: float) -> None:
    worker: Any = Replies()
    durations: Any = SimpleNamespace(seconds_left=lambda tasks: None)
    assert Drain(worker, durations, lambda line: None).wait(seconds) == 1


@pytest.mark.parametrize(("seconds", "attempts"), [(-1, 1), (math.inf, ATTEMPTS)])
def test_silent_worker_is_not_asked_again_after_the_end(
    monkeypatch: pytest.MonkeyPatch, seconds: float, attempts: int
) -> None:
    questions: list[object] = []
    control: Any = object.__new__(WorkerControl)
    control.node = NODE
    monkeypatch.setattr(worker_control.WorkerControl, "_call", lambda _, function: questions.append(function))
    assert control.tasks(time.monotonic() + seconds) is None
    assert len(questions) == attempts


def test_reply_with_an_error_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a worker would count as drained while its tasks run."""
    control: Any = object.__new__(WorkerControl)
    control.node = NODE
    monkeypatch.setattr(worker_control.WorkerControl, "_call", lambda *_: {NODE: {"error": "RuntimeError()"}})
    assert (control.queues(), control.tasks(), control.process()) == (None, None, None)
