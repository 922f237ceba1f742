"""The process that ships task logs: one for each host and log folder, started by whoever writes a log.

It looks at the sizes of the files in the spool, and ships what is new as chunks; when a log has ended it puts the
whole object. It outlives the task and its worker, and ends when there was nothing to do for a while. It never logs
through Airflow.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipment import Shipment
from astro_runtime_plugin.task_logs.spool import Entry, Spool, Status, machine
from astro_runtime_plugin.task_logs.store import BLOCK_BYTES, LogStore, StoreError, open_store

POLL_SECONDS = 0.05
SHIP_SECONDS = 0.8  # from the first pending byte to its chunk; with a poll and a request, less than a second
RESCAN_SECONDS = 0.25  # between two looks into the spool
WRITER_SECONDS = 1.0  # between two looks at whether the writers live
STATUS_SECONDS = 2.0
IDLE_SECONDS = 30.0
MAX_BACKOFF_SECONDS = 5.0
QUIET_SECONDS = 60.0  # without growth, after which a log of another machine has ended
PRUNE_SECONDS = 30 * 24 * 3600.0
THREADS = 8
CHUNKS_AT_ONCE = 16  # of a log before others get their turn


class Track:
    """A shipment, and when it is due."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self.pending_since: float | None = None
        self.not_before = 0.0
        self.failures = 0
        self.has_ended = False
        self.checked = float("-inf")
        self.work: Future[None] | None = None


class Shipper:
    """Ships the logs of a spool until there is nothing to do, or it is stopped."""

    def __init__(
        self,
        spool: Spool,
        url: str,
        open_it: Callable[[], LogStore],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spool, self.url = spool, url
        self._open, self._clock = open_it, clock
        self._store: LogStore | None = None
        self._tracks: dict[str, Track] = {}
        self._stopped = False
        self._scanned = self._reported = float("-inf")
        self._problem, self._problem_since = "", 0.0
        self._lost = 0
        self._busy = clock()

    def stop(self, *_: object) -> None:
        """Have `run` return after what is pending now; a signal handler."""
        self._stopped = True

    def run(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Ship until nothing was to do for `idle_seconds`."""
        self.spool.prune(PRUNE_SECONDS)
        with ThreadPoolExecutor(THREADS) as pool:
            while not self._stopped and not self._is_idle(idle_seconds):
                self.poll(pool)
                time.sleep(POLL_SECONDS)
            self._ship_rest(pool)
        self._report()

    def poll(self, pool: ThreadPoolExecutor) -> None:
        """Hand what is due to the threads of the pool."""
        now = self._clock()
        if now - self._scanned >= RESCAN_SECONDS:
            self._scanned = now
            self._scan()
        for track in self._tracks.values():
            if track.work is None or track.work.done():
                track.work = pool.submit(self._advance, track) if self._is_due(track, now) else None
        if now - self._reported >= STATUS_SECONDS:
            self._reported = now
            self._report()

    def _scan(self) -> None:
        entries = {entry.path: entry for entry in self.spool.entries()}
        for path in [path for path in self._tracks if path not in entries]:
            track = self._tracks[path]
            if track.work is None or track.work.done():
                self._lost += track.shipment.lost_bytes
                del self._tracks[path]
        for path, entry in entries.items():
            if path in self._tracks:
                self._tracks[path].shipment.entry = entry
            elif store := self._opened():
                self._tracks[path] = Track(Shipment(self.spool, store, self.url, entry))
        if entries:
            self._busy = self._clock()

    def _opened(self) -> LogStore | None:
        if self._store is None:
            try:
                self._store = self._open()
            except StoreError as error:
                self._note(error)
        return self._store

    def _is_due(self, track: Track, now: float) -> bool:
        if now - track.checked >= WRITER_SECONDS or not track.shipment.entry.writers:
            track.checked = now
            track.has_ended = self._has_ended(track.shipment.entry)
        pending = track.shipment.pending()
        if pending and track.pending_since is None:
            track.pending_since = now
        waited = now - track.pending_since if pending and track.pending_since is not None else 0.0
        is_due = track.has_ended or pending >= BLOCK_BYTES or waited >= SHIP_SECONDS
        return is_due and now >= track.not_before

    def _has_ended(self, entry: Entry) -> bool:
        if entry.machine == machine():
            return self.spool.has_ended(entry)
        try:
            quiet = time.time() - os.stat(self.spool.log_file(entry.path)).st_mtime
        except OSError:
            return True
        return not entry.writers or quiet > QUIET_SECONDS

    def _advance(self, track: Track) -> None:
        """Ship what is pending; whatever fails is tried again later, at most MAX_BACKOFF_SECONDS later."""
        try:
            has_ended = track.has_ended
            track.pending_since = None
            for _ in range(CHUNKS_AT_ONCE):
                if not track.shipment.ship():
                    break
            else:
                return
            if has_ended and not track.shipment.pending():
                track.shipment.finish()
            track.failures, track.not_before = 0, 0.0
            self._problem = ""
        except Exception as error:
            track.failures += 1
            track.not_before = self._clock() + min(0.1 * 2 ** min(track.failures, 10), MAX_BACKOFF_SECONDS)
            self._note(error)

    def _note(self, error: Exception) -> None:
        """Warn once for as long as something is wrong."""
        if not self._problem:
            self._problem_since = time.time()
            problem = _describe(error)
            print(f"astro-runtime: task logs wait on this machine: {problem}", file=sys.stderr, flush=True)
        self._problem = _describe(error)

    def _is_idle(self, seconds: float) -> bool:
        """Whether the process may end. Under the spool's lock, so that who registers finds the shipper's lock free."""
        return not self._tracks and self._clock() - self._busy >= seconds

    def _ship_rest(self, pool: ThreadPoolExecutor) -> None:
        for track in self._tracks.values():
            if track.work is None or track.work.done():
                track.work = pool.submit(self._advance, track)

    def _report(self) -> None:
        pending = {path: track.shipment.pending() for path, track in self._tracks.items()}
        now = self._clock()
        since = [track.pending_since for track in self._tracks.values() if track.pending_since is not None]
        status = Status(
            pid=os.getpid(),
            updated=time.time(),
            entries=len(self._tracks),
            pending_bytes=sum(pending.values()),
            lost_bytes=self._lost + sum(track.shipment.lost_bytes for track in self._tracks.values()),
            lag_seconds=round(now - min(since), 3) if since else 0.0,
            problem=self._problem,
            problem_since=self._problem_since if self._problem else 0.0,
        )
        try:
            self.spool.save_status(status)
        except OSError:
            pass  # no room on the disk: the next report may have some


def _describe(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, StoreError) else type(error).__name__


def main(log_folder: str, url: str, conn_id: str = "") -> None:
    """Ship the logs of this host's spool, unless another process does."""
    spool = Spool(log_folder)
    lock = spool.lock_shipper()
    if lock is None:
        return
    settings = TaskLogSettings(url=url, conn_id=conn_id)
    shipper = Shipper(spool, url, lambda: open_store(settings))
    signal.signal(signal.SIGTERM, shipper.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    shipper.run()
    os.close(lock)
