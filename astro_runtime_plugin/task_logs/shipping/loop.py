"""The loop of the shipper: which logs of a spool are due, and what happens when the store cannot take them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from astro_runtime_plugin.task_logs.shipping.leftovers import delete_leftovers, due_leftovers
from astro_runtime_plugin.task_logs.shipping.output import REPEAT_SECONDS, print_warning
from astro_runtime_plugin.task_logs.shipping.records import Entry, Status
from astro_runtime_plugin.task_logs.shipping.shipment import CHUNK_BYTES, Shipment
from astro_runtime_plugin.task_logs.shipping.spool import Spool, machine
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, ChangedError, LogStore, StoreError

POLL_SECONDS, MIN_POLL_SECONDS = 0.05, 0.005
SHIP_SECONDS = 0.8  # from the first pending byte to its chunk; with a poll and a request, less than a second
# Between two chunks of a log that grows fast: so long that what the first one took is at most this share of a core.
MAX_SHARE = 0.0125
MIN_PACE_SECONDS, MAX_PACE_SECONDS = 0.05, 0.25
RESCAN_SECONDS = 0.25  # between two looks into the spool
WRITER_SECONDS = 1.0  # between two looks at whether the writers live
STATUS_SECONDS = 2.0
CLEAN_SECONDS = 30.0  # between two looks at whether chunks may be deleted that had to stay
OPEN_ATTEMPTS = 5
MAX_BACKOFF_SECONDS = 5.0
QUIET_SECONDS = 60.0  # without growth, after which a log of another machine has ended
CHUNKS_AT_ONCE = 16  # of a log before others get their turn


class Track:
    """A shipment, and when it is due."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self.pending_since: float | None = None
        self.pending = 0
        self.start = self.not_before = 0.0
        self.failures = 0
        self.has_ended = False
        self.checked = float("-inf")
        self.work: Future[None] | None = None

    def wait(self, now: float) -> float:
        """Return in how many seconds a block will have gathered, if the log goes on growing as it does now."""
        passed = now - self.start
        if not self.pending or passed <= 0:
            return POLL_SECONDS
        missing = max(0, BLOCK_BYTES - self.pending)
        return max(missing * passed / self.pending, self.not_before - now)


class ShippingLoop:
    """Ships the logs of a spool, round by round."""

    def __init__(
        self,
        spool: Spool,
        url: str,
        open_it: Callable[[], LogStore],
        clock: Callable[[], float] = time.monotonic,
        delete_local: bool = False,
        cleans_others: bool = True,
    ) -> None:
        self.spool, self.url, self.delete_local = spool, url, delete_local
        self._cleans_others = cleans_others
        self._cleaning: Future[None] | None = None
        self._open, self._clock = open_it, clock
        self._store: LogStore | None = None
        self._tracks: dict[str, Track] = {}
        self._scanned = self._reported = self._cleaned = float("-inf")
        self._busy = clock()
        self._open_after, self._open_failures = float("-inf"), 0
        self._lock = threading.Lock()
        self._failing: set[str] = set()
        self._problem, self._problem_since = "", 0.0
        last = spool.status()
        self._warned = last.problem if last and time.time() - last.updated < REPEAT_SECONDS else ""
        self._is_printed = False
        self._lost = 0

    def is_idle(self, seconds: float) -> bool:
        """Whether there was nothing to do for so long."""
        return not self._tracks and self._clock() - self._busy >= seconds

    @property
    def has_warned(self) -> bool:
        """Whether a warning has been printed of what is wrong now."""
        return self._is_printed

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
        if now - self._cleaned >= CLEAN_SECONDS:
            self._cleaned = now
            self._clean(pool)

    def pause(self) -> float:
        """Return how long nothing is due, in seconds."""
        now = self._clock()
        waits = [
            track.wait(now) for track in self._tracks.values() if track.work is None or track.work.done()
        ]
        return max(MIN_POLL_SECONDS, min(waits, default=POLL_SECONDS))

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
                self._tracks[path] = Track(Shipment(self.spool, store, self.url, entry, self.delete_local))
        if entries:
            self._busy = self._clock()

    def _clean(self, pool: ThreadPoolExecutor) -> None:
        """Have chunks deleted that had to stay, those of hosts that are gone, too."""
        if self._cleaning and not self._cleaning.done():
            return
        spools = [self.spool, *(self.spool.others() if self._cleans_others else ())]
        due = [spool for spool in spools if due_leftovers(spool, time.time())]
        if due and (store := self._opened()):
            self._cleaning = pool.submit(self._delete_leftovers, due, store)

    def _delete_leftovers(self, spools: list[Spool], store: LogStore) -> None:
        for spool in spools:
            with suppress(Exception):  # the notes stay for the next time
                delete_leftovers(spool, store, self.url, time.time())

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
        pending = track.pending = track.shipment.pending()
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
        track.start, used = self._clock(), time.thread_time()
        try:
            track.pending_since = None
            is_complete = _ship_pending(track.shipment, has_ended)
            if has_ended and is_complete and not track.shipment.pending():
                track.shipment.finish()
            track.failures = 0
            track.not_before = 0.0 if has_ended else track.start + _pace(time.thread_time() - used)
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
                self._is_printed = self._problem == self._warned or print_warning(self._problem)
            self._warned = ""

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
            is_printed=self._is_printed,
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


def _pace(used: float) -> float:
    """Return after how many seconds the next chunk may leave when one took `used` seconds of processor time."""
    return min(max(used / MAX_SHARE, MIN_PACE_SECONDS), MAX_PACE_SECONDS)


def _backoff(failures: int) -> float:
    """Return for how many seconds nothing is tried."""
    return min(0.1 * float(1 << min(failures, 10)), MAX_BACKOFF_SECONDS)


def _describe(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, StoreError) else type(error).__name__
