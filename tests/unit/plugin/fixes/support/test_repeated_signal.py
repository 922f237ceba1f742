from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType, SimpleNamespace

import pytest

from astro_runtime_plugin.fixes.lost_exit import report_or_repeat
from astro_runtime_plugin.fixes.support.repeated_signal import handle_signals_after


class Handler:
    def __init__(self) -> None:
        self.processes: list[int] = []
        self.arrived = threading.Event()

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        self.processes.append(os.getpid())
        self.arrived.set()


@pytest.fixture
def handler() -> Iterator[Handler]:
    instance = Handler()
    before = signal.signal(signal.SIGTERM, instance.handle)
    yield instance
    signal.signal(signal.SIGTERM, before)


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_signal_in_a_fork_comes_when_it_has_returned(handler: Handler) -> None:
    seen_in_fork: list[int] = []

    def fork_with_signal() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        seen_in_fork.extend(handler.processes)
        return os.fork()

    pid = handle_signals_after(fork_with_signal)()
    if pid == 0:
        threading.Event().wait(0.5)  # longer than a repetition takes
        os._exit(len(handler.processes))
    assert handler.arrived.wait(30)
    assert (seen_in_fork, handler.processes) == ([], [os.getpid()])
    assert exit_code(pid) == 0, "the child has handled its parent's signal"


def test_child_handles_its_own_signals(handler: Handler) -> None:
    pid = handle_signals_after(os.fork)()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        os._exit(len(handler.processes))
    assert exit_code(pid) == 1


def test_failing_fork_leaves_the_handlers_and_loses_no_signal(handler: Handler) -> None:
    def fail() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        raise OSError("out of memory")

    with pytest.raises(OSError, match="out of memory"):
        handle_signals_after(fail)()
    assert signal.getsignal(signal.SIGTERM) == handler.handle
    assert handler.arrived.wait(30)


def test_signal_of_the_child_comes_when_the_fork_has_returned(handler: Handler) -> None:
    def fork_and_signal_child() -> int:
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return pid

    pid = handle_signals_after(fork_and_signal_child)()
    if pid == 0:
        handler.arrived.wait(30)
        os._exit(len(handler.processes))
    assert exit_code(pid) == 1
    assert handler.processes == []


def signal_and_return() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    return 1


def test_event_loop_handles_a_signal_once() -> None:
    async def handle_signals() -> int:
        count = itertools.count()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: next(count))
        handle_signals_after(signal_and_return)()
        await asyncio.sleep(0.5)  # longer than a repetition takes
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        return next(count)

    assert asyncio.run(handle_signals()) == 1


def test_another_thread_forks_as_before(handler: Handler) -> None:
    codes: list[int] = []

    def fork() -> None:
        pid = handle_signals_after(os.fork)()
        if pid == 0:
            os._exit(7)
        codes.append(exit_code(pid))

    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    assert codes == [7]


def unraisable(error: BaseException) -> SimpleNamespace:
    """Return what Python gives its hook for an exception that it discards."""
    try:
        raise error
    except BaseException as exception:
        return SimpleNamespace(exc_type=type(exception), exc_traceback=exception.__traceback__)


@pytest.mark.parametrize("error", [SystemExit(0), ValueError("wrong")])
def test_exception_of_another_origin_is_reported(handler: Handler, error: BaseException) -> None:
    reports: list[object] = []
    discarded = unraisable(error)
    report_or_repeat(reports.append)(discarded)
    assert reports == [discarded]
    assert not handler.arrived.wait(0.5)


def test_exit_of_the_handler_is_repeated() -> None:
    numbers: list[int] = []
    arrived = threading.Event()

    def exit_at_first(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)
        arrived.set()
        if len(numbers) == 1:
            sys.exit(0)

    reports: list[object] = []
    before = signal.signal(signal.SIGTERM, exit_at_first)
    try:
        with pytest.raises(SystemExit) as exit_:
            os.kill(os.getpid(), signal.SIGTERM)
        arrived.clear()
        report_or_repeat(reports.append)(SimpleNamespace(exc_type=SystemExit, exc_traceback=exit_.tb))
        assert arrived.wait(30)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (numbers, reports) == ([signal.SIGTERM, signal.SIGTERM], [])
