"""Whom the provider has logged out lately: access tokens from before that are void, although they verify.

An access token stands for itself and is nowhere in the database, so what is remembered is the logout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from astro_runtime_plugin.identity.sessions import single_use
from astro_runtime_plugin.identity.sessions.cache import LeastRecentlyUsed
from astro_runtime_plugin.identity.sessions.store import hash_text

MAX_MARKS = 10_000
KEPT_SECONDS = 24 * 60 * 60.0  # an access token that lives longer than this outlives the logout
OVERLAP_SECONDS = 300.0  # other hosts have other clocks
SUBJECT, SID, NO_SID = "sub", "sid", "sub without sid"  # what a mark names


@dataclass(frozen=True)
class Issue:
    """What decides whether a token is from before a logout: hashes of its names, and the provider's time."""

    names: tuple[str, ...]
    issued_at: float


class LogoutMarks:
    """The logouts of one provider, in memory and in the database."""

    def __init__(self, provider_name: str, clock: Callable[[], float]) -> None:
        self.provider_name, self._clock = provider_name, clock
        self._moments: LeastRecentlyUsed[str, float] = LeastRecentlyUsed(MAX_MARKS)
        self._read_at = clock() - KEPT_SECONDS

    def add(self, subject: str, sid: str, moment: float) -> None:
        """Remember a logout of one session, or of a subject without a `sid`. Raises SQLAlchemyError.

        A token without a `sid` may be of any session of its subject, so it may be of the one that has ended.
        """
        kinds = {SID: sid, NO_SID: subject} if sid else {SUBJECT: subject}
        for name in (self._hash(kind, text) for kind, text in kinds.items() if text):
            single_use.replace(single_use.LOGOUT, name, str(moment), self._clock() + KEPT_SECONDS)
            self._moments.put(name, moment)

    def read_back(self) -> None:
        """Read what other processes have remembered since the last time. Raises SQLAlchemyError."""
        now = self._clock()
        since = self._read_at - OVERLAP_SECONDS + KEPT_SECONDS
        for name, text in single_use.values_since(single_use.LOGOUT, since, MAX_MARKS):
            self._moments.put(name, float(text))
        self._read_at = now

    def issue(self, claims: Mapping[str, Any]) -> Issue:
        """Return what `is_void` needs of a verified token."""
        texts = {kind: text for kind in (SUBJECT, SID) if isinstance(text := claims.get(kind), str)}
        if SUBJECT in texts and SID not in texts:
            texts[NO_SID] = texts[SUBJECT]
        names = tuple(self._hash(kind, text) for kind, text in texts.items())
        return Issue(names, float(claims.get("iat", 0)))

    def is_void(self, issue: Issue) -> bool:
        """Whether a logout came after the token was issued. No I/O."""
        if not len(self._moments):
            return False
        return any((self._moments.get(name) or 0.0) >= issue.issued_at for name in issue.names)

    def _hash(self, kind: str, name: str) -> str:
        return hash_text(self.provider_name, kind, name)
