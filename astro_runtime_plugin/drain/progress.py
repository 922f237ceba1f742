"""Drains a worker: it takes no new task, and each line says what is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin.drain.durations import LastDurations
from astro_runtime_plugin.drain.wording import describe, list_queues
from astro_runtime_plugin.drain.worker_control import WorkerControl
from astro_runtime_plugin.drain.worker_tasks import WorkerTask
from astro_runtime_plugin.health.drained_worker import mark_drained
from entrypoint.errors import UNAVAILABLE, UNKNOWN, StartError

PAUSE = 2.0  # seconds between two looks
REPEAT = 60.0  # seconds after which a line is printed although the number of tasks is the same
SILENT_ROUNDS = 4  # after which a worker whose process is not here counts as lost
CANCELLATIONS = 3


@dataclass
class Drain:
    """The drain of one worker. `print_line` prints a line."""

    worker: WorkerControl
    durations: LastDurations
    print_line: Callable[[str], None]
    process: psutil.Process | None = None
    last_line: float = field(default=float("-inf"), init=False)
    last_count: int = field(default=-1, init=False)
    silent: int = field(default=0, init=False)

    def begin(self) -> None:
        """Let the worker take no new task. Raises StartError if it does not reply, or goes on consuming."""
        queues = self.worker.queues()
        if queues is None:
            raise StartError(f"no worker answers to the name {self.worker.node}", UNKNOWN)
        self.process = self.worker.process()
        remaining: list[str] | None = queues
        for _ in range(CANCELLATIONS):
            self.worker.stop_consuming(remaining or [])
            remaining = self.worker.queues()
            if remaining == []:
                self._mark()
                self.print_line(f"{self.worker.node} takes no new task{list_queues(queues)}")
                return
        problem = "does not answer any more" if remaining is None else "goes on taking tasks"
        raise StartError(f"the worker {self.worker.node} {problem}", UNKNOWN)

    def _mark(self) -> None:
        """Keep the worker healthy: only once it takes nothing, since the health check forgets what takes tasks."""
        if self.process is None:
            return
        try:
            mark_drained(self.worker.node, self.process)
        except (OSError, psutil.Error) as error:
            self.print_line(
                f"the health check will report the drained worker as unhealthy: {type(error).__name__}"
            )

    def wait(self, seconds: float | None) -> int:
        """Wait until no task is left, `seconds` at most, and return how many are; None waits without a limit."""
        end = math.inf if seconds is None else time.monotonic() + seconds
        while left := self._look(end):
            if not time.monotonic() < end:  # also if the operator's number is none
                return left
            time.sleep(min(PAUSE, max(0.0, end - time.monotonic())))
        return 0

    def _look(self, end: float) -> int:
        """Return how many tasks are left, and print that from time to time."""
        tasks = self._tasks(end)
        if tasks is None:
            return self._count_silence()
        self.silent = 0
        now = time.monotonic()
        if tasks and (len(tasks) != self.last_count or now - self.last_line >= REPEAT):
            self.last_count, self.last_line = len(tasks), now
            self.print_line(describe(tasks, self.durations.seconds_left(tasks)))
        return len(tasks)

    def _tasks(self, end: float) -> list[WorkerTask] | None:
        try:
            return self.worker.tasks(end)
        except StartError as error:
            if error.code != UNAVAILABLE:
                raise
            return None  # the tasks go on while the broker is away

    def _count_silence(self) -> int:
        """Return how many tasks count as left if the worker does not reply: none if its process has ended."""
        self.silent += 1
        if self.process is None and self.silent >= SILENT_ROUNDS:
            raise StartError(f"the worker {self.worker.node} does not answer any more", UNKNOWN)
        if self.process is not None and not _runs(self.process):
            self.print_line("the worker has ended")
            return 0
        if self.silent == 1:
            self.print_line("the worker does not answer: it is stopping, or the broker is away")
        return max(1, self.last_count)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
