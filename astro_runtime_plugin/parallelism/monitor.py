"""The scheduler's thread that keeps the limit up to date with the workers' answers.

It reads the answers of a child process (`worker_inspector`), so the scheduler's loop never waits for a worker.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, cast

from astro_runtime_plugin import background, child_process
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.child_process import Child
from astro_runtime_plugin.parallelism.bounds import MAX_WARNINGS
from astro_runtime_plugin.parallelism.limit import LimitState, Worker

log = logging.getLogger("astro_runtime")
INSPECT_MODULE = "astro_runtime_plugin.parallelism.worker_inspector"
RESTART_SECONDS = 10.0  # until a child that has ended is replaced
SILENCE_SECONDS = 60.0  # after which a silent child is killed

Subscriber = Callable[[LimitState], None]


class ParallelismMonitor:
    """Keeps `limit` at what the workers can run. Logs each kind of failure once; the limit then stays as it is.

    Calls the `subscribers` after each round. Each comes with the warning to log when it fails.
    """

    def __init__(self, limit: LimitState, subscribers: Sequence[tuple[str, Subscriber]]) -> None:
        self.limit = limit
        self._subscribers = subscribers
        self._started = False
        self._warned: set[str] = set()
        self._invalid: set[str] = set()  # workers whose invalid reply was logged

    def start(self, settings: Mapping[str, Any]) -> None:
        """Start to follow the workers, once; `settings` are those of `broker_settings`.

        The first child is started on the scheduler's main thread, before the scheduler forks.
        """
        if not self._started:
            self._started = True
            log.info("Parallelism follows the workers, from %d on", self.limit.value)
            child = self._start_first_child(settings)
            background.start_thread("workers", lambda wait: self._run(wait, settings, child))

    def _run(self, wait: StoppableWait, settings: Mapping[str, Any], child: Child | None) -> None:
        while True:
            try:
                self._process_answers(wait, child or self._start_child(settings))
            except Exception as error:
                self._hold_after(error)
            child = None
            wait(RESTART_SECONDS)

    def _start_first_child(self, settings: Mapping[str, Any]) -> Child | None:
        """Return a child that was just started, or None if that failed; the thread then tries again."""
        try:
            return self._start_child(settings)
        except Exception as error:
            self._hold_after(error)
            return None

    def _start_child(self, settings: Mapping[str, Any]) -> Child:
        return child_process.start(INSPECT_MODULE, (os.getpid(), settings))

    def _hold_after(self, error: Exception) -> None:
        # Its text may contain the broker's URL.
        self._hold("workers", f"could not query the workers: {type(error).__name__}")

    def _hold(self, topic: str, reason: str) -> None:
        """Keep the limit as it is."""
        self.limit.hold()
        self._warn(topic, f"parallelism stays {self.limit.value}: {reason}")

    def _process_answers(self, wait: StoppableWait, child: Child) -> None:
        """Process a child's answers until it ends or has been silent for SILENCE_SECONDS."""
        answers = cast("IO[bytes]", child.stdout)
        try:
            while wait(SILENCE_SECONDS, answers.fileno()) and (line := answers.readline()):
                self._process(json.loads(line))
        finally:
            child.kill()
            child.communicate()
        self._hold("child", f"the process that queries the workers ended with {child.returncode}")

    def _process(self, answer: Mapping[str, Any]) -> None:
        if "error" in answer:
            self._hold("broker", f"could not query the broker: {answer['error']}")
        else:
            self._warned -= {"broker", "child"}
            workers = [Worker(name, pool, tuple(queues)) for name, pool, queues in answer["workers"]]
            self._warn_invalid(answer.get("invalid", {}))
            if self.limit.update(workers, answer["active"]):
                log.info("Parallelism is %d: %s", self.limit.value, self.limit.calculation.why)
        for failure, notify in self._subscribers:
            try:
                notify(self.limit)
            except Exception as error:
                # The text of a database error may contain the database's URL.
                self._warn(failure, f"{failure}: {type(error).__name__}")

    def _warn_invalid(self, invalid: Mapping[str, str]) -> None:
        """Warn once about each worker that sent an invalid reply, in one line."""
        new = [name for name in invalid if name not in self._invalid][: MAX_WARNINGS - len(self._invalid)]
        self._invalid.update(new)
        if new:
            reasons = "; ".join(f"{name}: {invalid[name]}" for name in new)
            log.warning("astro-runtime: invalid replies from Celery workers: %s", reasons)

    def _warn(self, topic: str, text: str) -> None:
        """Warn about each topic once; about the broker and the child again after the broker has answered."""
        if topic not in self._warned:
            self._warned.add(topic)
            log.warning("astro-runtime: %s", text)
