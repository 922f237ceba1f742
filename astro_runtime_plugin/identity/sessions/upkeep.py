"""The background of sessions: reads back what other processes have changed, and renews what is in use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Event, Lock

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.background import StoppableWait, start_thread
from astro_runtime_plugin.identity.sessions import single_use
from astro_runtime_plugin.identity.sessions.cache import CachedSession
from astro_runtime_plugin.identity.sessions.logout_marks import LogoutMarks
from astro_runtime_plugin.identity.sessions.memory import SessionMemory
from astro_runtime_plugin.identity.sessions.renewal import RENEW_SECONDS, SessionRenewal
from astro_runtime_plugin.identity.sessions.store import SessionStore
from astro_runtime_plugin.identity.sessions.work_pool import WorkPool

log = logging.getLogger("astro_runtime")
READ_SECONDS = 4.0  # with the query itself a session that ended elsewhere is over here within 5 s
ACTIVE_SECONDS = 120.0  # sessions that had a request within this time are renewed
CLEANUP_SECONDS = 600.0


class SessionUpkeep:
    """Runs in one thread of each process that serves sessions; `renewal` is None without a provider."""

    def __init__(
        self,
        store: SessionStore,
        memory: SessionMemory,
        renewal: SessionRenewal | None,
        marks: LogoutMarks,
        rules: Callable[[], object],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._memory, self._renewal = store, memory, renewal
        self._marks, self._rules, self._clock = marks, rules, clock
        self._known_rules = rules()
        self._cleaned_at = 0.0
        self._has_thread = False
        self._is_away = False
        self._lock = Lock()
        self.pool = WorkPool("identity renewal")

    def start(self) -> None:
        """Start the thread, if it does not run yet."""
        with self._lock:
            starts, self._has_thread = not self._has_thread, True
        if starts:
            start_thread("identity sessions", self._run)

    def tick(self) -> list[Event]:
        """Do what is due now, and hand renewals to the pool; return what each of them sets at its end.

        Raises SQLAlchemyError.
        """
        self._follow_rules()
        self.read_back()
        self._marks.read_back()
        renewals = [self.renew(id_hash) for id_hash in self._due()]
        if self._clock() - self._cleaned_at >= CLEANUP_SECONDS:
            self._cleaned_at = self._clock()
            self._store.delete_old(self._clock())
            single_use.delete_expired(self._clock())
        return renewals

    def renew(self, id_hash: str, is_awaited: bool = False) -> Event:
        """Renew a session in the background, before others if a request waits; return what is set at its end."""
        if self._renewal is None:  # nothing in the database needs a provider that is not set
            return Event()
        work = partial(self._renewal.renew, id_hash, is_awaited=is_awaited)
        return self.pool.submit(id_hash, work, is_awaited)

    def renew_and_wait(self, id_hash: str, seconds: float) -> None:
        """Renew a session in the background, and wait for its end unless the provider does not answer renewals now.

        Else a few users who come back would keep all threads of a web server waiting while the provider is slow.
        """
        availability = self._renewal.availability if self._renewal else None
        is_away = availability is None or availability.is_away  # before this renewal, which may note the same
        done = self.renew(id_hash, is_awaited=True)
        if availability and not is_away and not done.wait(seconds):
            availability.note(is_away=True)

    def _run(self, wait: StoppableWait) -> None:
        while True:
            wait(READ_SECONDS)
            try:
                self.tick()
                self._is_away = False
            except SQLAlchemyError as error:
                level = logging.DEBUG if self._is_away else logging.WARNING
                self._is_away = True
                log.log(level, "sessions cannot be read from the metadata database: %s", type(error).__name__)
            except Exception:  # the thread must live on
                log.warning("identity sessions: unexpected error", exc_info=True)

    def _active(self) -> dict[str, CachedSession]:
        since = self._clock() - ACTIVE_SECONDS
        return self._memory.sessions.select(
            lambda entry: entry.active_at >= since and entry.state.session is not None
        )

    def read_back(self) -> None:
        """Read again what has changed in the database; one query for the versions of all sessions in use.

        Raises SQLAlchemyError.
        """
        active, now = self._active(), self._clock()
        versions = self._store.versions(active) if active else {}
        for id_hash, entry in active.items():
            if versions.get(id_hash) == entry.version:
                entry.read_at = now
            else:
                self._memory.keep(id_hash, self._store.load(id_hash))

    def _follow_rules(self) -> None:
        """Read all sessions again, those in use at once, after the rules have changed: their claims are there."""
        rules = self._rules()
        if rules is self._known_rules:
            return
        for entry in self._memory.sessions.select(lambda entry: True).values():
            entry.read_at = 0.0
        for id_hash in self._active():
            self._memory.keep(id_hash, self._store.load(id_hash))
        self._known_rules = rules

    def _due(self) -> list[str]:
        now = self._clock()
        return [id_hash for id_hash, entry in self._active().items() if _is_due(entry, now)]


def _is_due(entry: CachedSession, now: float) -> bool:
    session = entry.state.session
    if session is None or not entry.is_renewable:
        return False
    return now - max(session.renewed_at, entry.attempted_at) >= RENEW_SECONDS
