"""What this process knows of sessions: rows of the database, read with the rules of the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions.cache import MAX_SESSIONS, CachedSession, LeastRecentlyUsed
from astro_runtime_plugin.identity.sessions.data import SessionData
from astro_runtime_plugin.identity.sessions.session import EndReason, Session, SessionState
from astro_runtime_plugin.identity.sessions.store import SessionRow

ADMIN = Grant("Admin", (), ("astro-runtime admin-token",))
IDLE_SECONDS = 60.0  # a session whose last confirmation is older must be looked at before it is used


@dataclass(frozen=True)
class Validity:
    """Which sessions count, by the settings of this process."""

    provider: str  # issuer and client
    admin_tokens: bool
    rules: Callable[[], RoleRules]


class SessionMemory:
    """The sessions in memory, by the hash of their id."""

    def __init__(self, validity: Validity, clock: Callable[[], float]) -> None:
        self._validity = validity
        self._clock = clock
        self.sessions: LeastRecentlyUsed[str, CachedSession] = LeastRecentlyUsed(MAX_SESSIONS)

    def keep(self, id_hash: str, row: SessionRow | None) -> CachedSession:
        """Remember what the database says now, and return it."""
        now, previous = self._clock(), self.sessions.get(id_hash)
        entry = CachedSession(
            state=self._state(row),
            version=row.version if row else -1,
            is_renewable=bool(row and row.data and row.data.refresh_token),
            read_at=now,
            active_at=previous.active_at if previous else now,
            attempted_at=previous.attempted_at if previous else 0.0,
        )
        if previous and row and row.claim and row.claim == previous.foreign_claim:
            entry.foreign_claim, entry.foreign_claim_at = row.claim, previous.foreign_claim_at
        elif row and row.claim:
            entry.foreign_claim, entry.foreign_claim_at = row.claim, now
        self.sessions.put(id_hash, entry)
        return entry

    def end(self, id_hash: str, reason: EndReason) -> None:
        """Remember that a session has ended."""
        now = self._clock()
        state = SessionState(end_reason=reason)
        self.sessions.put(id_hash, CachedSession(state, -1, is_renewable=False, read_at=now, active_at=now))

    def grant(self, data: SessionData) -> Grant:
        """Return what the rules of the moment give."""
        return ADMIN if data.is_admin_token else self._validity.rules().match(data.claims.merge())

    def _state(self, row: SessionRow | None) -> SessionState:
        reason = self._end_reason(row)
        if row is None or row.data is None or reason:
            return SessionState(end_reason=reason)
        grant = self.grant(row.data)
        if grant.is_empty:
            return SessionState(end_reason=EndReason.ROLES)
        times, data = row.times, row.data
        return SessionState(
            Session(row.id_hash, data.user, grant, **vars(times), is_admin_token=data.is_admin_token)
        )

    def _end_reason(self, row: SessionRow | None) -> EndReason | None:
        if row is None:
            return EndReason.UNKNOWN
        if row.end_reason:
            return EndReason(row.end_reason) if row.end_reason in {*EndReason} else EndReason.UNKNOWN
        if row.data is None:  # encrypted with another Fernet key
            return EndReason.UNKNOWN
        is_valid = self._validity.admin_tokens if row.data.is_admin_token else True
        is_ours = row.data.provider == self._validity.provider or row.data.is_admin_token
        return None if is_valid and is_ours else EndReason.SETTINGS


def usable_state(entry: CachedSession, now: float) -> SessionState | None:
    """Return the state of a session as it can be used at once; None if it must be read or renewed before."""
    if now - entry.read_at > IDLE_SECONDS:
        return None
    session = entry.state.session
    if session is None:
        return entry.state
    if is_renewal_awaited(entry, now):
        return None
    return final_state(entry, now)


def is_renewal_awaited(entry: CachedSession, now: float) -> bool:
    """Whether a request must wait for a renewal: none was tried for IDLE_SECONDS, or the session would be over."""
    session = entry.state.session
    if session is None or not entry.is_renewable or now >= session.ends_at:
        return False
    return now - max(session.renewed_at, entry.attempted_at) > IDLE_SECONDS or (
        now >= session.expires_at
        and (entry.attempted_at < session.expires_at or now - entry.attempted_at > EXPIRED_RETRY_SECONDS)
    )


EXPIRED_RETRY_SECONDS = (
    10.0  # a session that has expired while the provider is away is tried again after this
)


def final_state(entry: CachedSession, now: float) -> SessionState:
    """Return the state, whether or not a renewal would be due."""
    session = entry.state.session
    if session and now >= min(session.expires_at, session.ends_at):
        return SessionState(end_reason=EndReason.EXPIRED)
    return entry.state
