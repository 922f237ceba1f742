"""Renews a session at the provider: new tokens, new roles, or its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions import audit
from astro_runtime_plugin.identity.sessions.availability import ProviderAvailability
from astro_runtime_plugin.identity.sessions.cache import CachedSession
from astro_runtime_plugin.identity.sessions.claims import ClaimReader
from astro_runtime_plugin.identity.sessions.data import SessionData
from astro_runtime_plugin.identity.sessions.memory import SessionMemory
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.store import FREE, SessionRow, SessionStore, Times
from astro_runtime_plugin.identity.tokens.verification import TokenError
from astro_runtime_plugin.options.text import single_line

log = logging.getLogger("astro_runtime")
RENEW_SECONDS = 30.0
CLAIM_SECONDS = 30.0  # a process that has claimed a session for longer has died; a refresh takes 16 s at most
DEFAULT_LIFE = 300.0  # seconds of tokens whose life the provider does not state
POLLS, POLL_SECONDS = 10, 0.4  # while another process renews a session that a request waits for
WRITE_ATTEMPTS = 3
NO_CLAIMS = "the tokens of the login are over, and renewals say nothing of the user"
Wait = Callable[[float], object]


@dataclass(frozen=True)
class SessionRenewal:
    """Renews sessions of this process; refresh tokens rotate, so only who holds the claim may use one."""

    provider: Provider
    store: SessionStore
    memory: SessionMemory
    reader: ClaimReader
    rules: Callable[[], RoleRules]
    audit_log: audit.AuditLog
    clock: Callable[[], float]
    availability: ProviderAvailability

    def renew(self, id_hash: str, wait: Wait, is_awaited: bool = False) -> None:
        """Renew a session, unless another process does or has just done so.

        `is_awaited`: a request waits, so wait for the other process, too. Raises SQLAlchemyError.
        """
        row = self.store.load(id_hash)
        entry = self.memory.keep(id_hash, row)
        if row is None or row.data is None or not self._is_due(entry):
            return
        entry.attempted_at = self.clock()
        claim = self._claim(row, entry)
        if claim:
            self._renew_claimed(row, row.data, claim, wait)
        elif is_awaited:
            self._await_other(row, wait)

    def _is_due(self, entry: CachedSession) -> bool:
        session, now = entry.state.session, self.clock()
        if session is None or not entry.is_renewable or now >= session.ends_at:
            return False
        return now - session.renewed_at >= RENEW_SECONDS or now >= session.expires_at

    def _claim(self, row: SessionRow, entry: CachedSession) -> str:
        if row.claim == FREE:
            return self.store.claim(row)
        # Its age is measured by this process's clock alone: other hosts have others.
        is_stale = self.clock() - entry.foreign_claim_at >= CLAIM_SECONDS
        return self.store.claim(row, row.claim) if is_stale else FREE

    def _await_other(self, row: SessionRow, wait: Wait) -> None:
        for _ in range(POLLS):
            wait(POLL_SECONDS)
            newer = self.store.load(row.id_hash)
            if newer is None or newer.version != row.version:
                self.memory.keep(row.id_hash, newer)
                return

    def _renew_claimed(self, row: SessionRow, data: SessionData, claim: str, wait: Wait) -> None:
        try:
            tokens = self.provider.refresh(data.refresh_token)
            self.availability.note(is_away=False)
        except ProviderError as error:
            self.availability.note(error.transient)
            if error.ends_session:
                self._end(row, data, claim, EndReason.PROVIDER, str(error))
            else:
                log.debug("a session is not renewed now: %s", error)
                self.store.release(row.id_hash, claim)
            return
        except BaseException:
            self.store.release(row.id_hash, claim)
            raise
        self._use_tokens(row, data, claim, tokens, wait)

    def _use_tokens(self, row: SessionRow, data: SessionData, claim: str, tokens: Tokens, wait: Wait) -> None:
        """Store what the provider gave; the old refresh token may be void, so the new one is stored in any case."""
        data = replace(
            data,
            refresh_token=tokens.refresh_token or data.refresh_token,
            id_token=tokens.id_token or data.id_token,
        )
        try:
            claims = self.reader.read_renewal(tokens, data.claims, self.rules())
        except (ProviderError, TokenError) as error:
            log.warning("a session is not renewed now: %s", error)
            self._store(row, claim, data, row.times, wait)
            return
        if claims is None:
            self._keep_without_claims(row, data, claim, wait)
            return
        renewed = replace(data, claims=claims)
        grant = self.memory.grant(renewed)
        if grant.is_empty:
            self._end(row, data, claim, EndReason.ROLES, "no rule matches any more")
            return
        self._note_change(data, renewed := replace(renewed, grant=grant))
        self._store(row, claim, renewed, self._times(row, tokens, claims.id.get("exp")), wait)

    def _keep_without_claims(self, row: SessionRow, data: SessionData, claim: str, wait: Wait) -> None:
        """Keep a session of which the provider says nothing but that it lives: until the end of its last claims."""
        now = self.clock()
        if now >= row.times.expires_at:
            self._end(row, data, claim, EndReason.CLAIMS, NO_CLAIMS)
        else:
            self._store(row, claim, data, replace(row.times, renewed_at=now), wait)

    def _times(self, row: SessionRow, tokens: Tokens, id_expiry: object) -> Times:
        now = self.clock()
        return Times(now, min(token_expiry(tokens, id_expiry, now), row.times.ends_at), row.times.ends_at)

    def _store(self, row: SessionRow, claim: str, data: SessionData, times: Times, wait: Wait) -> None:
        for attempt in range(WRITE_ATTEMPTS):
            try:
                self.store.renew(row.id_hash, claim, data, times)
                break
            except Exception:  # the database is away, and the new refresh token is here alone
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                wait(2.0**attempt)
        self.memory.keep(row.id_hash, self.store.load(row.id_hash))

    def _end(self, row: SessionRow, data: SessionData, claim: str, reason: EndReason, why: str) -> None:
        if self.store.end(row.id_hash, reason, self.clock(), claim):
            event = audit.REFUSAL if reason is EndReason.ROLES else audit.LOGOUT
            self.audit_log.record(
                event, data.user.name, f"{reason.text} {single_line(why)}", display_name(data)
            )
        self.memory.keep(row.id_hash, self.store.load(row.id_hash))

    def _note_change(self, old: SessionData, new: SessionData) -> None:
        before, after = describe_grant(old.grant), describe_grant(new.grant)
        if before != after:
            text = f"{before} became {after}"
            self.audit_log.record(audit.ROLE_CHANGE, new.user.name, text, display_name(new))


def token_expiry(tokens: Tokens, id_expiry: object, now: float) -> float:
    """Return until when a session lives without the provider: as long as one of its tokens does."""
    ends = [now + tokens.expires_in] if tokens.expires_in else []
    if isinstance(id_expiry, (int, float)):
        ends.append(float(id_expiry))
    return max(ends, default=now + DEFAULT_LIFE)


def describe_grant(grant: object) -> str:
    """Return a grant in a few words for the audit log."""
    role, dags = getattr(grant, "role", None), getattr(grant, "dags", ())
    rules = ", ".join(f"{rule.access} {rule.pattern}" for rule in dags)
    return " and ".join(part for part in (role, f"DAGs ({rules})" if rules else None) if part) or "no role"


def display_name(data: SessionData) -> str:
    """Return the user's full name, as Airflow's audit log shows it; else the user name."""
    return f"{data.user.first_name} {data.user.last_name}".strip() or data.user.name
