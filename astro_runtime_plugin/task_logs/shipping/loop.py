"""The loop of the shipper: which logs of a spool are due, and what happens when the store cannot take them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from astro_runtime_plugin.task_logs.shipping.shipment import CHUNK_BYTES, Shipment
from astro_runtime_plugin.task_logs.shipping.spool import Entry, Spool, Status, machine
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, ChangedError, LogStore, StoreError

POLL_SECONDS = 0.05
SHIP_SECONDS = 0.8  # from the first pending byte to its chunk; with a poll and a request, less than a second
PACE_SECONDS = 0.12  # between two chunks of a log, however fast it grows: each takes processor time
RESCAN_SECONDS = 0.25  # between two looks into the spool
WRITER_SECONDS = 1.0  # between two looks at whether the writers live
STATUS_SECONDS = 2.0
OPEN_ATTEMPTS = 5
WARNED_SECONDS = 600.0  # for which a process that follows another does not repeat its warning
MAX_BACKOFF_SECONDS = 5.0
QUIET_SECONDS = 60.0  # without growth, after which a log of another machine has ended
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


class ShippingLoop:
    """Ships the logs of a spool, round by round."""

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
        self._scanned = self._reported = float("-inf")
        self._busy = clock()
        self._open_after, self._open_failures = float("-inf"), 0
        self._lock = threading.Lock()
        self._failing: set[str] = set()
        self._problem, self._problem_since = "", 0.0
        last = spool.status()
        self._warned = last.problem if last and time.time() - last.updated < WARNED_SECONDS else ""
        self._lost = 0

    def is_idle(self, seconds: float) -> bool:
        """Whether there was nothing to do for so long."""
        return not self._tracks and self._clock() - self._busy >= seconds

    @property
    def is_stuck(self) -> bool:
        """Whether the store cannot even be opened; another process may have the connection or the library."""
        return self._store is None and self._open_failures >= OPEN_ATTEMPTS

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
            self.report()

    def _scan(self) -> None:
        entries = {entry.path: entry for entry in self.spool.entries()}
        for path in [path for path in self._tracks if path not in entries]:
            track = self._tracks[path]
            if track.work is None or track.work.done():
                self._lost += track.shipment.lost_bytes
                del self._tracks[path]
                self._recovered(path)
        for path, entry in entries.items():
            if path in self._tracks:
                self._tracks[path].shipment.entry = entry
            elif store := self._opened():
                self._tracks[path] = Track(Shipment(self.spool, store, self.url, entry))
        if entries:
            self._busy = self._clock()

    def _opened(self) -> LogStore | None:
        if self._store is None and self._clock() >= self._open_after:
            try:
                self._store = self._open()
                self._recovered("")
            except Exception as error:
                self._open_failures += 1
                self._open_after = self._clock() + _backoff(self._open_failures)
                self._note("", error)
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
        path, has_ended = track.shipment.entry.path, track.has_ended
        try:
            track.pending_since = None
            is_complete = _ship_pending(track.shipment, has_ended)
            if has_ended and is_complete and not track.shipment.pending():
                track.shipment.finish()
            track.failures, track.not_before = 0, 0.0 if has_ended else self._clock() + PACE_SECONDS
            self._recovered(path)
        except Exception as error:
            track.failures += 1
            track.not_before = self._clock() + _backoff(track.failures)
            if not isinstance(error, ChangedError):
                self._note(path, error)

    def _note(self, path: str, error: Exception) -> None:
        """Warn once for as long as something is wrong."""
        with self._lock:
            is_new = not self._failing
            self._failing.add(path)
            self._problem = _describe(error)
            if is_new:
                self._problem_since = time.time()
            is_new = is_new and self._problem != self._warned
            self._warned = ""
        if is_new:
            print(
                f"astro-runtime: task logs wait on this machine: {self._problem}", file=sys.stderr, flush=True
            )

    def _recovered(self, path: str) -> None:
        with self._lock:
            self._failing.discard(path)
            if not self._failing:
                self._problem = ""

    def finish_round(self, pool: ThreadPoolExecutor) -> None:
        """Ship what is pending now, before the process ends."""
        for track in self._tracks.values():
            if track.work is None or track.work.done():
                track.work = pool.submit(self._advance, track)

    def report(self) -> None:
        """Publish the status."""
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
            requests=self._store.requests if self._store else 0,
            problem=self._problem,
            problem_since=self._problem_since if self._problem else 0.0,
        )
        try:
            self.spool.save_status(status)
        except OSError:
            pass  # no room on the disk: the next report may have some


def _ship_pending(shipment: Shipment, has_ended: bool) -> bool:
    """Ship what is pending, as far as others can wait; return whether that was all.

    What was written meanwhile can wait, too, unless it is the end.
    """
    for _ in range(CHUNKS_AT_ONCE):
        shipped = shipment.ship()
        if shipped < CHUNK_BYTES and not (has_ended and shipped):
            return not shipped
    return False


def _backoff(failures: int) -> float:
    """Return for how many seconds nothing is tried."""
    return min(0.1 * float(1 << min(failures, 10)), MAX_BACKOFF_SECONDS)


def _describe(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, StoreError) else type(error).__name__
