"""The process that ships task logs: one for each host and log folder, started by whoever writes a log.

It looks at the sizes of the files in the spool, and ships what is new as chunks; when a log has ended it puts the
whole object. It outlives the task and its worker, and ends when there was nothing to do for a while. It never logs
through Airflow. Where hosts share a log folder, it also ships what a host has left behind that is gone.
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.loop import ShippingLoop
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import open_store

POLL_SECONDS = 0.05
IDLE_SECONDS = 30.0
THREADS = 8
LOCK_ATTEMPTS = 10  # who looks whether a shipper runs holds the lock for a moment
ADOPT_SECONDS = 30.0  # between two looks at what other hosts have left behind
ABANDONED_SECONDS = 120.0
PRUNE_SECONDS = 30 * 24 * 3600.0
# A connection is read through Airflow, which must not log here, least of all into a task's log.
QUIET = {
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",  # else Airflow 2 warns
}


class Shipper:
    """Ships the logs of this host, and those that others have left behind."""

    def __init__(self, spool: Spool, settings: TaskLogSettings, lock: int) -> None:
        self._spool, self._settings = spool, settings
        self._loops = {spool.host: (self._loop(spool), lock)}
        self._stopped = False
        self._looked = float("-inf")

    def stop(self, *_: object) -> None:
        """Have `run` return after what is pending now; a signal handler."""
        self._stopped = True

    def run(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Ship until nothing was to do for `idle_seconds`, or the store cannot be opened.

        Then a writer starts another, which may have what this one lacks, such as a connection in its environment.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            while not self._is_over() and not self._has_left(idle_seconds):
                self._adopt()
                for loop, _ in self._loops.values():
                    loop.poll(pool)
                time.sleep(POLL_SECONDS)
            for loop, _ in self._loops.values():
                loop.finish_round(pool)
        for loop, _ in self._loops.values():
            loop.report()

    def _is_over(self) -> bool:
        return self._stopped or any(loop.is_stuck for loop, _ in self._loops.values())

    def _loop(self, spool: Spool) -> ShippingLoop:
        return ShippingLoop(spool, self._settings.url, lambda: open_store(self._settings))

    def _has_left(self, idle_seconds: float) -> bool:
        """Whether there is nothing to do; the lock is free then.

        Under the lock of the entries: whoever registers a log afterwards finds the shipper's lock free.
        """
        if not all(loop.is_idle(idle_seconds) for loop, _ in self._loops.values()):
            return False
        with self._spool.locked():
            if self._spool.entries():
                return False
            while self._loops:
                loop, lock = self._loops.popitem()[1]
                loop.report()
                os.close(lock)
        return True

    def _adopt(self) -> None:
        """Take the spools of hosts that are gone."""
        if time.monotonic() - self._looked < ADOPT_SECONDS:
            return
        self._looked = time.monotonic()
        for spool in self._spool.others():
            is_left = spool.host not in self._loops and spool.seems_abandoned(ABANDONED_SECONDS)
            lock = spool.lock_shipper() if is_left else None
            if lock is not None:
                self._loops[spool.host] = (self._loop(spool), lock)


def main(log_folder: str, url: str, conn_id: str = "") -> None:
    """Ship the logs of this host's spool, unless another process does."""
    os.environ.update(QUIET)
    warnings.simplefilter("ignore")
    spool = Spool(log_folder)
    spool.folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(spool)
    if lock is None:
        return
    spool.prune(PRUNE_SECONDS)
    shipper = Shipper(spool, TaskLogSettings(url=url, conn_id=conn_id), lock)
    signal.signal(signal.SIGTERM, shipper.stop)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    shipper.run()


def _lock(spool: Spool) -> int | None:
    for _ in range(LOCK_ATTEMPTS):
        lock = spool.lock_shipper()
        if lock is not None:
            return lock
        time.sleep(POLL_SECONDS)
    return None
