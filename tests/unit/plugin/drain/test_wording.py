"""What a line of the drain says."""

from __future__ import annotations

import time

import pytest

from astro_runtime_plugin.drain.wording import describe, duration
from astro_runtime_plugin.drain.worker_tasks import WorkerTask


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (3599, "1 h 0 min"), (7500, "2 h 5 min")]
)
def test_duration_is_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_line_says_how_many_are_left_and_how_long_the_oldest_has_run() -> None:
    started = time.time() - 240.5
    tasks = [WorkerTask("orders", "load", started), WorkerTask("orders", "sum")]
    assert describe(tasks, 300) == (
        "2 tasks left, 1 of them waits in the worker, the oldest, orders.load, has run for 4 min;"
        " by their last runs, done in 5 min"
    )
    assert describe(tasks[:1], None) == (
        "1 task left, orders.load has run for 4 min; how long it may take is not known"
    )
