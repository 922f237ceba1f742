"""The sessions that this process has in memory, the most recently used ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from astro_runtime_plugin.identity.sessions.session import SessionState

MAX_SESSIONS = 10_000
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass
class CachedSession:
    """What is known of a session. Moments are seconds since the epoch."""

    state: SessionState
    version: int
    is_renewable: bool  # it has a refresh token
    read_at: float  # when the database last said that this is so
    active_at: float  # the last request
    attempted_at: float = 0.0  # the last try to renew it in this process
    foreign_claim: str = ""  # another process's claim on it, and when it was first seen
    foreign_claim_at: float = 0.0


class LeastRecentlyUsed(Generic[Key, Value]):
    """A dictionary of at most `size` entries: the one whose use is longest ago goes first. For all threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """Return the value, which counts as a use; None if there is none."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Store a value in place of the previous one."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def drop(self, key: Key) -> None:
        """Forget a value, if there is one."""
        with self._lock:
            self._entries.pop(key, None)

    def select(self, condition: Callable[[Value], bool]) -> dict[Key, Value]:
        """Return the entries whose value fits; none of them counts as used."""
        with self._lock:
            entries = [*self._entries.items()]
        return {key: value for key, value in entries if condition(value)}
