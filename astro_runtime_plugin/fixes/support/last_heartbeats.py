"""Heartbeats of a scheduler whose loop has ended, while it waits for the tasks that run in its executor."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

log = logging.getLogger("astro_runtime")
PAUSE = 5.0  # seconds between two heartbeats, as in [scheduler] scheduler_heartbeat_sec
REPEAT = 60.0  # seconds between two lines in the log
MAX_IDLE = 300.0  # seconds in which tasks wait and none runs: then they never will, since the processes hang
LEFT = (
    "astro-runtime: the scheduler ends when its last %d tasks have ended; SIGKILL ends it at once, and another one"
    " then starts them again while they may still run"
)
HUNG = "astro-runtime: this scheduler hangs: its last %d tasks do not start; another one takes them over"


class HeartbeatsWhileEnding:
    """A thread that writes the heartbeats of a job, and logs how many tasks are left. Nothing forks meanwhile.

    It ends when tasks have waited for MAX_IDLE and none has run: a scheduler that hangs must not keep them. `clock`
    returns seconds.
    """

    def __init__(self, job_id: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._job_id = job_id
        self._clock = clock
        self._active = self._next_line = clock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="astro-runtime last heartbeats", daemon=True)

    @classmethod
    def start(cls, executor: Any) -> HeartbeatsWhileEnding | None:
        """Start the thread for an executor of a scheduler; return None if it has none."""
        if executor.job_id is None:
            return None
        from astro_runtime_plugin.inventory.recorder import record_end

        heartbeats = cls(int(executor.job_id))
        heartbeats._thread.start()
        record_end()  # whoever counts the schedulers that schedule must not count this one
        return heartbeats

    def stop(self) -> None:
        """End the thread, and wait for what it writes."""
        self._stopped.set()
        self._thread.join(PAUSE)

    def _run(self) -> None:
        goes_on = True
        while goes_on and not self._stopped.is_set():
            with suppress(Exception):  # the database is away; the next heartbeat may succeed
                goes_on = self.beat()
            self._stopped.wait(PAUSE)

    def beat(self) -> bool:
        """Write a heartbeat; return whether another one is due. Raises SQLAlchemyError."""
        tasks, now = write_heartbeat(self._job_id), self._clock()
        if tasks.get("running"):
            self._active = now
        if tasks and now - self._active >= MAX_IDLE:
            log.warning(HUNG, sum(tasks.values()))
            return False
        if tasks and now >= self._next_line:
            self._next_line = now + REPEAT
            log.info(LEFT, sum(tasks.values()))
        return True


def write_heartbeat(job_id: int) -> Mapping[str, int]:
    """Write the heartbeat of a job that has not been called dead; return how many tasks of it are queued, and run.

    Raises SQLAlchemyError if the database cannot be written.
    """
    from datetime import datetime, timezone

    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import func, select

    from astro_runtime_plugin.fixes.support.job_heartbeat import heartbeat_update
    from astro_runtime_plugin.fixes.support.queued_tasks import open_session

    is_left = (TaskInstance.queued_by_job_id == job_id, TaskInstance.state.in_(("queued", "running")))
    query = select(TaskInstance.state, func.count()).where(*is_left).group_by(TaskInstance.state)
    with open_session() as session:
        session.execute(heartbeat_update(job_id, datetime.now(timezone.utc)))
        tasks = {str(state): int(count) for state, count in session.execute(query)}
        session.commit()
    return tasks
