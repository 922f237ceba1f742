"""Sessions in the metadata database, which all web servers share."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select, update

from astro_runtime_plugin.identity.sessions.data import Cipher, SessionData, decrypt
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.tables import SESSION_TABLE, SESSIONS

C = SESSIONS.c
KEPT_SECONDS = 24 * 60 * 60.0  # how long the reason of an end can still be told
CHUNK = 500  # ids in one query
FREE = ""  # the claim of a session that nobody renews now


def hash_text(*texts: str) -> str:
    """Return the SHA-256 of texts as 64 hexadecimal digits; a column of MySQL does not tell A from a, this does."""
    return sha256("\n".join(texts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Times:
    """Seconds since the epoch: when the provider last confirmed it, and how long it lives without and with it."""

    renewed_at: float
    expires_at: float
    ends_at: float


@dataclass(frozen=True)
class SessionRow:
    """A session in the database. `data` is None if it has ended or cannot be decrypted."""

    id_hash: str
    data: SessionData | None
    times: Times
    version: int
    claim: str
    end_reason: str


class SessionStore:
    """All methods raise SQLAlchemyError if the database is away."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def insert(self, id_hash: str, data: SessionData, times: Times, sid: str = "") -> None:
        """Store a new session. `sid` is the provider's own id of it, empty if it has none."""
        row = {
            "id_hash": id_hash,
            "subject_hash": hash_text(data.provider, data.user.subject),
            "sid_hash": hash_text(data.provider, sid) if sid else "",
            "data": data.encrypt(self._cipher),
            **vars(times),
            "version": 0,
            "claim": FREE,
            "end_reason": "",
        }
        SESSION_TABLE.write(lambda connection: connection.execute(insert(SESSIONS).values(row)))

    def load(self, id_hash: str) -> SessionRow | None:
        """Return the session; None if there is none."""
        query = select(SESSIONS).where(C.id_hash == id_hash)
        row: Any = SESSION_TABLE.read(lambda connection: connection.execute(query).first(), None)
        if row is None:
            return None
        data = None if row.end_reason else decrypt(row.data, self._cipher)
        times = Times(row.renewed_at, row.expires_at, row.ends_at)
        return SessionRow(id_hash, data, times, row.version, row.claim, row.end_reason)

    def versions(self, id_hashes: Collection[str]) -> dict[str, int]:
        """Return the versions of those sessions that exist."""
        versions: dict[str, int] = {}
        for chunk in _chunks(id_hashes):
            query = select(C.id_hash, C.version).where(C.id_hash.in_(chunk))
            versions.update((id_hash, version) for id_hash, version in _rows(query))
        return versions

    def claim(self, row: SessionRow, stale_claim: str = FREE) -> str:
        """Take the right to renew a session: of many processes only one gets it.

        `stale_claim` is one whose process has died. Returns the new claim; empty if another process was faster.
        """
        claim = secrets.token_hex(16)
        free = (C.version == row.version, C.claim == stale_claim, C.end_reason == "")
        statement = update(SESSIONS).where(C.id_hash == row.id_hash, *free).values(claim=claim)
        return claim if self._count(statement) else FREE

    def release(self, id_hash: str, claim: str) -> None:
        """Give the claim back without a change."""
        self._count(update(SESSIONS).where(C.id_hash == id_hash, C.claim == claim).values(claim=FREE))

    def renew(self, id_hash: str, claim: str, data: SessionData, times: Times) -> bool:
        """Store what a renewal gave, and give the claim back; False if the claim or the session is gone."""
        values = {"data": data.encrypt(self._cipher), **vars(times), "claim": FREE, "version": C.version + 1}
        mine = (C.id_hash == id_hash, C.claim == claim, C.end_reason == "")
        return self._count(update(SESSIONS).where(*mine).values(values)) > 0

    def end(self, id_hash: str, reason: EndReason, now: float, claim: str | None = None) -> bool:
        """End a session, if it is alive, and only as the holder of `claim` if given; return whether this ended it."""
        holder = () if claim is None else (C.claim == claim,)
        return self._end(reason, now, C.id_hash == id_hash, *holder) > 0

    def end_of_provider(self, provider: str, subject: str, sid: str, now: float) -> int:
        """End the sessions of a subject, of a `sid`, or what is both; return how many."""
        names = []
        if sid:
            names.append(C.sid_hash == hash_text(provider, sid))
        if subject:
            names.append(C.subject_hash == hash_text(provider, subject))
        return self._end(EndReason.PROVIDER, now, *names) if names else 0

    def delete_old(self, now: float) -> None:
        """Delete sessions that ended more than KEPT_SECONDS ago."""
        self._count(delete(SESSIONS).where(C.ends_at < now - KEPT_SECONDS))

    def _end(self, reason: EndReason, now: float, *which: Any) -> int:
        values = {"end_reason": reason.value, "data": "", "ends_at": now, "version": C.version + 1}
        return self._count(update(SESSIONS).where(*which, C.end_reason == "").values(values))

    def _count(self, statement: Any) -> int:
        return int(SESSION_TABLE.write(lambda connection: connection.execute(statement).rowcount))


def _rows(query: Any) -> list[Any]:
    return SESSION_TABLE.read(lambda connection: [*connection.execute(query)], [])


def _chunks(id_hashes: Collection[str]) -> Iterator[list[str]]:
    rest = iter(id_hashes)
    while chunk := [*islice(rest, CHUNK)]:
        yield chunk
