"""The lines that identity leaves in Airflow's own audit log, written in the background.

A request never waits for it. What cannot be kept is dropped with one warning: the queue is bounded, and a row that the
database refuses does not come back.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Protocol

from astro_runtime_plugin.background import StoppableWait, start_thread
from astro_runtime_plugin.identity.sessions.event_limit import EventLimit
from astro_runtime_plugin.options.text import single_line

log = logging.getLogger("astro_runtime")
LOGIN, LOGOUT, REFUSAL = "identity_login", "identity_logout", "identity_refusal"
ROLE_CHANGE, ADMIN_TOKEN = "identity_role_change", "identity_admin_token"
MAX_LINES = 10_000
MAX_OWNER, MAX_TEXT = 500, 2000  # characters
BATCH = 200
SECONDS = 1.0
RETRY_SECONDS = 5.0
LARGEST_MYSQL_CHARACTER = "\uffff"  # of a table in utf8mb3


@dataclass(frozen=True)
class AuditLine:
    """A row of Airflow's table `log`: what happened to whom, in one line without tokens."""

    event: str
    owner: str
    display_name: str
    text: str
    moment: datetime


class AuditTable(Protocol):
    """Where the lines go."""

    def write(self, lines: Sequence[AuditLine]) -> None:
        """Write all of some lines, or raise an exception."""
        ...

    def is_reachable(self) -> bool:
        """Whether the database answers at all."""
        ...


def storable(text: str, max_length: int) -> str:
    """Return a text that each database takes, on one line: MySQL's utf8mb3 has no characters beyond U+FFFF."""
    line = single_line(text, max_length)
    return "".join("\ufffd" if sign > LARGEST_MYSQL_CHARACTER else sign for sign in line)


class AuditLog:
    """A bounded queue in front of the table."""

    def __init__(self, table: AuditTable, clock: Callable[[], float], is_background: bool = True) -> None:
        self._table = table
        self._clock = clock
        self._lines: deque[AuditLine] = deque()
        self._lock = threading.Lock()
        self._flush_lock = threading.Lock()
        self._has_thread = not is_background  # then the caller flushes
        self._warnings: set[str] = set()
        self._limits: dict[tuple[str, str, str], EventLimit] = {}

    def record(self, event: str, owner: str, text: str, display_name: str = "") -> None:
        """Put a line into the queue; never waits, never raises."""
        moment = datetime.fromtimestamp(self._clock(), timezone.utc)
        owner, display_name = storable(owner, MAX_OWNER), storable(display_name or owner, MAX_OWNER)
        line = AuditLine(event, owner, display_name, storable(text, MAX_TEXT), moment)
        with self._lock:
            is_full = len(self._lines) >= MAX_LINES
            if not is_full:
                self._lines.append(line)
            starts, self._has_thread = not self._has_thread, True
        if is_full:
            self._warn(f"the audit log cannot be written fast enough; lines beyond {MAX_LINES} are lost")
        if starts:
            start_thread("identity audit", self._run)

    def record_bounded(self, event: str, owner: str, text: str) -> bool:
        """Record what anybody can cause as often as they like; return whether this one has a line of its own.

        After ten in a minute the rest of it gets one line with their number. The texts must not come from outside.
        """
        with self._lock:
            limit = self._limits.setdefault((event, owner, text), EventLimit(self._clock))
        is_recorded = limit.admit()
        if is_recorded:
            self.record(event, owner, text)
        return is_recorded

    def record_rest(self, is_last: bool = False) -> None:
        """Record the numbers of those without a line, once their minute is over."""
        with self._lock:
            limits = list(self._limits.items())
        for (event, owner, text), limit in limits:
            if count := limit.take_rest(is_last):
                text = f"{text}: {count} more of them within a minute"
                self.record(event, owner, text)
                log.warning("%s", text)

    def flush(self) -> bool:
        """Write what is in the queue; False if the database is away, and lines are left."""
        with self._flush_lock:
            while lines := self._first(BATCH):
                if not self._write(lines):
                    return False
        return True

    def _run(self, wait: StoppableWait) -> None:
        try:
            while True:
                self.record_rest()
                wait(SECONDS if self.flush() else RETRY_SECONDS)
        except SystemExit:
            self.record_rest(is_last=True)
            self.flush()
            raise

    def _write(self, lines: list[AuditLine]) -> bool:
        """Write the lines at the head of the queue and take them out; False if the database is away."""
        try:
            self._table.write(lines)
        except Exception as error:  # whatever a driver says of a row
            if not self._table.is_reachable():
                self._warn("the audit log waits: the metadata database does not answer")
                return False
            if len(lines) > 1:  # one of them is at fault
                return all(self._write([line]) for line in lines)
            self._warn(f"the database refuses a line of the audit log, which is lost: {type(error).__name__}")
        with self._lock:
            for _ in lines:
                self._lines.popleft()
        return True

    def _first(self, count: int) -> list[AuditLine]:
        with self._lock:
            return [self._lines[index] for index in range(min(count, len(self._lines)))]

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.add(text)
            log.warning("%s", text)
