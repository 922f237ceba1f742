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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from astro_runtime_plugin.task_logs.settings import TaskLogSettings, store_url_problem
from astro_runtime_plugin.task_logs.shipping.loop import ShippingLoop
from astro_runtime_plugin.task_logs.shipping.output import release_output
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import open_store

POLL_SECONDS = 0.05
IDLE_SECONDS = 30.0
THREADS = 8
TARGET_SECONDS = 1.0  # between two looks at whether the logs go elsewhere now
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
    """Ships the logs of this host, and those that others have left behind.

    Calls `release` when it needs no output any more.
    """

    def __init__(
        self,
        spool: Spool,
        settings: TaskLogSettings,
        lock: int,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool, self._settings, self._release = spool, settings, release
        self._loops = {spool.host: (self._loop(spool), lock)}
        self._stopped = self._has_shipped = self._is_released = False
        self._looked = self._target_checked = float("-inf")
        self.next: TaskLogSettings | None = None

    def stop(self, *_: object) -> None:
        """Have `run` return after what is pending now; a signal handler."""
        self._stopped = True

    def run(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Ship until nothing was to do for `idle_seconds`, or the store cannot be opened.

        Then a writer starts another, which may have what this one lacks, such as a connection in its environment.
        If the logs are to go elsewhere, `next` says so afterwards, and this host's lock is kept.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            while not self._is_over() and not self._leave_if_idle(idle_seconds):
                self._adopt()
                for loop, _ in self._loops.values():
                    loop.poll(pool)
                self._release_output()
                time.sleep(min(POLL_SECONDS, *(loop.pause() for loop, _ in self._loops.values())))
            for loop, _ in self._loops.values():
                loop.finish_round(pool)
        for host, (loop, lock) in self._loops.items():
            loop.report()
            if host != self._spool.host:
                os.close(lock)

    def _release_output(self) -> None:
        """Let go of the output when all has been sent for the first time, or the one warning has been printed."""
        loops = [loop for loop, _ in self._loops.values()]
        is_idle = all(loop.is_idle(0) for loop in loops)
        is_done = (is_idle and self._has_shipped) or any(loop.has_warned for loop in loops)
        self._has_shipped = self._has_shipped or not is_idle
        if is_done and not self._is_released:
            self._is_released = True
            self._release()

    def _is_over(self) -> bool:
        is_stuck = any(loop.is_stuck for loop, _ in self._loops.values())
        return self._stopped or is_stuck or self._is_replaced()

    def _is_replaced(self) -> bool:
        """Whether a component has started meanwhile whose settings differ."""
        if time.monotonic() - self._target_checked >= TARGET_SECONDS:
            self._target_checked = time.monotonic()
            current = current_settings(self._spool, self._settings)
            self.next = current if current != self._settings else None
        return self.next is not None

    def _loop(self, spool: Spool) -> ShippingLoop:
        settings = self._settings
        return ShippingLoop(
            spool,
            settings.url,
            lambda: open_store(settings),
            delete_local=settings.delete_local,
            cleans_others=spool.host == self._spool.host,
        )

    def _leave_if_idle(self, idle_seconds: float) -> bool:
        """Release the locks if there was nothing to do for so long; return whether it did.

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


def current_settings(spool: Spool, settings: TaskLogSettings) -> TaskLogSettings:
    """Return what the component that has started last says, or else `settings`."""
    target = spool.target()
    if target is None or store_url_problem(target.url):
        return settings
    return TaskLogSettings(url=target.url, conn_id=target.conn_id, delete_local=target.delete_local)


def main(log_folder: str, url: str, conn_id: str = "", delete_local: str = "") -> None:
    """Ship the logs of this host's spool, unless another process does; `delete_local` is empty for no."""
    os.environ.update(QUIET)
    warnings.simplefilter("ignore")
    spool = Spool(log_folder)
    spool.folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(spool)
    if lock is None:
        return
    spool.prune(PRUNE_SECONDS)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    settings: TaskLogSettings | None = TaskLogSettings(
        url=url, conn_id=conn_id, delete_local=bool(delete_local)
    )
    while settings:
        shipper = Shipper(spool, current_settings(spool, settings), lock, release_output)
        signal.signal(signal.SIGTERM, shipper.stop)
        shipper.run()
        settings = shipper.next


def _lock(spool: Spool) -> int | None:
    for _ in range(LOCK_ATTEMPTS):
        lock = spool.lock_shipper()
        if lock is not None:
            return lock
        time.sleep(POLL_SECONDS)
    return None
