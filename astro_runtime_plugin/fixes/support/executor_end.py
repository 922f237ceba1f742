"""The end of LocalExecutor: its scheduler's heartbeats go on, and what its processes report is read until then."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.last_heartbeats import HeartbeatsWhileEnding
from astro_runtime_plugin.fixes.support.pipe_room import is_writable

End = Callable[[Any], None]
PAUSE = 0.5  # seconds between two times that results are read


def beat_while_ending(fix_id: str) -> Callable[[End], End]:
    """Return what wraps `LocalExecutor.end`, which waits for the tasks that run in it."""

    def wrap(end: End) -> End:
        @wraps(end)
        def end_with_heartbeats(executor: Any) -> None:
            heartbeats = attempt(fix_id, None, HeartbeatsWhileEnding.start, executor)
            try:
                end(executor)
            finally:
                if heartbeats:
                    heartbeats.stop()

        return end_with_heartbeats

    return wrap


def read_and_beat_while_ending(fix_id: str) -> Callable[[End], End]:
    """Return what wraps `LocalExecutor.end` of Airflow 3, which joins its processes without reading their results.

    The results go through a pipe of 64 kB. Once it is full, for example with large exceptions, a process that reports
    waits for ever. An executor whose scheduler was stopped before it could start it has nothing to end.
    """

    def wrap(end: End) -> End:
        @wraps(end)
        def read_and_end(executor: Any) -> None:
            attempt(fix_id, None, end_processes, fix_id, executor)
            end(executor)

        end_with_heartbeats = beat_while_ending(fix_id)(read_and_end)

        @wraps(end)
        def end_if_started(executor: Any) -> None:
            if hasattr(executor, "workers"):
                end_with_heartbeats(executor)

        return end_if_started

    return wrap


def end_processes(fix_id: str, executor: Any) -> None:
    """Let the processes end after the tasks that they have been given, and read their results meanwhile."""
    processes = [process for process in executor.workers.values() if process.is_alive()]
    requests = len(processes)  # each process takes one, and then ends
    while processes:
        attempt(fix_id, None, executor._read_results)
        while requests and is_writable(executor.activity_queue._writer):
            executor.activity_queue.put(None)
            requests -= 1
        processes[0].join(PAUSE)
        processes = [process for process in processes if process.is_alive()]
