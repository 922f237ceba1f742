"""The thread of a scheduler that hears what the workers answer, and says what follows from it.

It waits for lines of the process that asks (`ask`), so the scheduler's loop never waits for a worker.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, cast

from astro_runtime_plugin import background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.parallelism.limit import LimitState, Worker

log = logging.getLogger("astro_runtime")
# With the scheduler's own path, as what the broker's settings name may lie there; the folder that it runs in, which may
# be a project's with an `entrypoint.py`, is not on it.
INSPECT_SCRIPT = """
import sys
sys.path[:] = sys.argv[1:]
from astro_runtime_plugin.parallelism.inspect_process import main
main()
"""
AGAIN_SECONDS = 10.0  # until the process that asks is started anew, where it has ended

SILENT_SECONDS = 60.0  # after which it is taken for lost

InspectProcess = subprocess.Popen[bytes]
Subscriber = Callable[[LimitState], None]


class ParallelismMonitor:
    """Keeps `bound` at what the workers can take; whatever fails is said once, and the bound stays.

    `hearers` are called after each round; one that fails is said once and called again.
    """

    def __init__(
        self, bound: LimitState, hearers: Mapping[str, Subscriber], ask: Sequence[str] | None = None
    ) -> None:
        self.bound = bound
        self._hearers = hearers
        self._ask = ask or (sys.executable, "-I", "-c", INSPECT_SCRIPT, *sys.path)
        self._started = False
        self._warned: set[str] = set()

    def start(self, settings: Mapping[str, Any]) -> None:
        """Start to follow, once; `settings` say how the broker is reached.

        The first process that asks is started here, by the scheduler's own thread, before the scheduler forks.
        """
        if not self._started:
            self._started = True
            log.info("Parallelism follows the workers, from %d on", self.bound.value)
            asking = self._first(settings)
            background.start_thread("workers", lambda rest: self._run(rest, settings, asking))

    def _run(self, rest: StoppableWait, settings: Mapping[str, Any], asking: InspectProcess | None) -> None:
        while True:
            try:
                self._listen(rest, asking or self._ask_workers(settings))
            except Exception as error:
                self._unheard(error)
            asking = None
            rest(AGAIN_SECONDS)

    def _first(self, settings: Mapping[str, Any]) -> InspectProcess | None:
        """Return the process that asks, just started; None where it cannot be, and is tried again."""
        try:
            return self._ask_workers(settings)
        except Exception as error:
            self._unheard(error)
            return None

    def _unheard(self, error: Exception) -> None:
        self.bound.hold()
        self._warn("workers", f"the workers cannot be asked: {error!r}")

    def _ask_workers(self, settings: Mapping[str, Any]) -> InspectProcess:
        """Start the process that asks. Raises what pickle does where the settings cannot be handed over, and OSError.

        With `close_fds=False` Python takes posix_spawn: of a fork it would wait for a pipe to close, of which another
        process that the scheduler forks meanwhile could hold an end. Nothing is inherited but stderr (PEP 446).
        """
        handed = pickle.dumps((os.getpid(), settings))
        pipe = subprocess.PIPE
        asking = subprocess.Popen(self._ask, stdin=pipe, stdout=pipe, close_fds=False)
        told = cast("IO[bytes]", asking.stdin)
        told.write(handed)
        told.flush()
        return asking

    def _listen(self, rest: StoppableWait, asking: InspectProcess) -> None:
        """Hear the process that asks until it ends, or has been silent for too long."""
        answers = cast("IO[bytes]", asking.stdout)
        try:
            while rest(SILENT_SECONDS, answers.fileno()) and (line := answers.readline()):
                self._hear(json.loads(line))
        finally:
            asking.kill()
            asking.communicate()
        self.bound.hold()
        self._warn("broker", f"the process that asks the workers ended with {asking.returncode}")

    def _hear(self, answer: Mapping[str, Any]) -> None:
        if "error" in answer:
            self.bound.hold()
            self._warn("broker", f"the broker cannot be asked: {answer['error']}")
        else:
            self._warned.discard("broker")
            workers = [Worker(name, pool, tuple(queues)) for name, pool, queues in answer["workers"]]
            if self.bound.update(workers, answer["active"]):
                log.info("Parallelism is %d: %s", self.bound.value, self.bound.limit.why)
        for what, hear in self._hearers.items():
            try:
                hear(self.bound)
            except Exception as error:
                # The text of a database's error may hold its URL.
                self._warn(what, f"the {what} cannot be told: {type(error).__name__}")

    def _warn(self, what: str, text: str) -> None:
        """Warn of one thing once; of the broker again after it has answered."""
        if what not in self._warned:
            self._warned.add(what)
            log.warning("astro-runtime: parallelism stays %d: %s", self.bound.value, text)
