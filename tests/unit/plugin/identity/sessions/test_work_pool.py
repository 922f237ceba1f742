"""Background threads: as many as there is work for, and none that an error ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from astro_runtime_plugin.identity.sessions.work_pool import WorkPool


def test_work_runs_in_few_threads() -> None:
    pool, names = WorkPool("test", max_threads=3), set()
    barrier = threading.Barrier(3)

    def work(_: object) -> None:
        names.add(threading.get_ident())
        barrier.wait(300)

    events = [pool.submit(str(number), work) for number in range(9)]
    assert all(event.wait(300) for event in events)
    assert len(names) == 3


def test_same_key_runs_once() -> None:
    pool, runs, gate, started = WorkPool("test", max_threads=1), [], threading.Event(), threading.Event()

    def work(_: object) -> None:
        started.set()
        gate.wait(300)
        runs.append(1)

    running = pool.submit("a", work)
    assert started.wait(300)
    events = [pool.submit(key, work) for key in ("a", "b", "b", "b")]
    assert events[0] is running
    gate.set()
    assert all(event.wait(300) for event in events)
    assert len(runs) == 2


def test_urgent_work_comes_first() -> None:
    pool, gate, started = WorkPool("test", max_threads=1), threading.Event(), threading.Event()
    order: list[str] = []

    def append(key: str) -> Callable[[object], None]:
        return lambda _: order.append(key)

    def hold(_: object) -> None:
        started.set()
        gate.wait(300)

    pool.submit("hold", hold)
    assert started.wait(300)
    events = [pool.submit(key, append(key)) for key in "abc"]
    events.append(pool.submit("c", lambda _: None, is_urgent=True))
    gate.set()
    assert all(event.wait(300) for event in events)
    assert order == ["c", "a", "b"]


def test_error_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = WorkPool("test", max_threads=1), []

    def fail(_: object) -> None:
        raise ValueError("broken")

    assert pool.submit("a", fail).wait(300)
    assert pool.submit("b", lambda _: done.append(1)).wait(300)
    assert done == [1]
    assert "broken" in caplog.text
