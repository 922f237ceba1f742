"""The service of a web server process: login, sessions, tokens. Both web adapters call only this.

All methods may be called from any thread. Only those that say so wait for the provider or the database.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.identity.sessions import audit, single_use
from astro_runtime_plugin.identity.sessions.access import PROXY, TokenAccess
from astro_runtime_plugin.identity.sessions.cache import CachedSession
from astro_runtime_plugin.identity.sessions.data import SessionData
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.login import LoginRequest
from astro_runtime_plugin.identity.sessions.logins import database_error
from astro_runtime_plugin.identity.sessions.memory import (
    ADMIN,
    IDLE_SECONDS,
    final_state,
    is_renewal_awaited,
    usable_state,
)
from astro_runtime_plugin.identity.sessions.origin import TokenOrigin
from astro_runtime_plugin.identity.sessions.parts import ProviderParts, ServiceParts
from astro_runtime_plugin.identity.sessions.session import Access, EndReason, NewSession, SessionState
from astro_runtime_plugin.identity.sessions.store import SessionRow, Times, hash_text
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from astro_runtime_plugin.identity.tokens.verification import TokenError, verify_logout_token

log = logging.getLogger("astro_runtime")
WAIT_SECONDS = 5.0  # how long the first request after a pause waits for the renewal of its session
LOGOUT_TOKEN_SECONDS = 20 * 60.0  # a logout token is not accepted twice within this time
ADMIN_SECONDS = 60 * 60.0  # how long the login with an admin token lasts
MAX_ID = 200  # characters of a session id
WRONG_ADMIN_TOKEN = "login with a wrong admin token"  # noqa: S105 (a line of the audit log)


class IdentityService:
    """One for each web server process; `service()` in `process.py` returns it."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self._clock = parts.clock

    def begin_login(self, next_url: str, redirect_uri: str, base_path: str = "") -> LoginRequest:
        """Begin a login. Waits for the provider's discovery if it was never read, at most 8 s.

        `next_url` is the page to come back to, as the browser sent it: anything but a path of this site counts as the
        start page. `base_path` is the path of the base URL (`/airflow`), which `next_url` may have in front.
        Raises LoginError.
        """
        return self._provider_parts().logins.begin(next_url, redirect_uri, base_path)

    def finish_login(
        self, query: Mapping[str, str], cookies: Mapping[str, str], redirect_uri: str
    ) -> NewSession:
        """Turn the provider's answer, the query of the callback, into a session. Waits for the provider.

        `redirect_uri` is the same as in `begin_login`. Raises LoginError; RefusalError where no rule matches the user.
        """
        session = self._provider_parts().logins.finish(query, cookies, redirect_uri)
        self.parts.upkeep.start()
        return session

    def peek(self, session_id: str) -> SessionState | None:
        """Return the state of a session if it is in memory, without waiting; None: call `check` in a thread."""
        entry = self._entry(session_id)
        return usable_state(entry, self._clock()) if entry else None

    def check(self, session_id: str) -> SessionState:
        """Return the state of a session; from memory while it is in use.

        The first use in this process reads the database; after 60 s without a request it waits at most 5 s for its
        renewal, and not at all while the provider is slow or away. Never raises.
        """
        entry = self._entry(session_id)
        if entry:
            state = usable_state(entry, self._clock())
            if state:
                return state
        if not 0 < len(session_id) <= MAX_ID:
            return SessionState(end_reason=EndReason.UNKNOWN)
        try:
            return self._look_up(hash_text(session_id), entry)
        except SQLAlchemyError as error:
            log.warning("a session cannot be read: %s", type(error).__name__)
            return (
                final_state(entry, self._clock()) if entry else SessionState(end_reason=EndReason.UNAVAILABLE)
            )

    def end(self, session_id: str, reason: EndReason = EndReason.LOGOUT, post_logout: str = "") -> str | None:
        """End a session here, and return the provider's logout URL, which leads back to `post_logout`; None if none.

        Writes to the database; never raises.
        """
        id_hash, row = hash_text(session_id), None
        try:
            row = self.parts.store.load(id_hash)
            if self.parts.store.end(id_hash, reason, self._clock()) and row and row.data:
                self.parts.audit_log.record(audit.LOGOUT, row.data.user.name, reason.text)
        except SQLAlchemyError as error:
            log.warning("a session cannot be ended in the metadata database: %s", type(error).__name__)
        self.parts.memory.end(id_hash, reason)
        return self._logout_url(row, post_logout)

    def end_by_logout_token(self, token: str) -> None:
        """End the sessions that a back-channel logout token names, by sid or sub: answer 200, or 400 with the error.

        Access tokens from before are void: those of the sid, and those of the sub without a sid; all of the sub, if the
        logout names no sid.

        May wait for the provider's keys; writes to the database. Raises TokenError, and SQLAlchemyError (answer 503).
        """
        parts, settings, now = self._provider_parts(), self.parts.settings, self._clock()
        claims = parts.reader.with_new_keys(
            lambda keys: verify_logout_token(
                token, keys, issuer=settings.issuer, client_id=settings.client_id, now=now
            )
        )
        digest = hash_text(settings.issuer, claims["jti"])
        if not single_use.use_first(single_use.LOGOUT_TOKEN, digest, now + LOGOUT_TOKEN_SECONDS):
            raise TokenError("replayed", "the logout token was used already")
        sid, subject = claims.get("sid") or "", claims.get("sub") or ""
        count = self.parts.store.end_of_provider(self.parts.provider_name, subject, sid, now)
        self.parts.marks.add(subject, sid, float(claims["iat"]))
        self.parts.upkeep.read_back()
        text = f"the provider logged the user out: {count} sessions"
        self.parts.audit_log.record(audit.LOGOUT, subject or "unknown", text)

    def bearer(self, token: str) -> Access:
        """Return what a Bearer token of the provider gives. No I/O, but before the first keys are here: at most 5 s.

        Raises TokenError (answer 401 with its reason), and RefusalError where no rule matches (403).
        """
        return self._bearer(token)

    def exchange(self, token: str) -> Access:
        """Like `bearer`, for the exchange: may wait for new keys of the provider, at most 5 s."""
        return self._bearer(token, waits=True)

    def check_origin(self, origin: str) -> None:
        """Raise TokenError if what had this `Access.origin` counts no more, and ValueError for another text. No I/O.

        The provider has logged the user out since, or there are other rules or another provider.
        """
        read = TokenOrigin.from_json(origin)
        kind = self.parts.proxy if self.parts.proxy and read.kind == PROXY else self._token_access()
        kind.check_origin(read)

    def proxy(self, token: str) -> Access:
        """Return what the signed header of the trusted proxy gives. Waits only as `bearer` does.

        The caller has checked that the request comes from `proxy_addresses`. Raises TokenError and RefusalError.
        """
        if self.parts.proxy is None:
            raise TokenError("issuer", "no trusted proxy is set")
        return self.parts.proxy.get(token)

    def admin_login(self, token: str) -> NewSession:
        """Turn a token of `astro-runtime admin-token` into a session of an Admin; a token works once.

        Writes to the database. Raises LoginError ("admin-token": wrong, used, expired, or the setting is off).
        """
        now, refusal = self._clock(), "The admin token is wrong, expired, or was used already."
        if not self.parts.settings.admin_tokens:
            raise LoginError("admin-token", refusal)
        try:
            name = single_use.take(single_use.ADMIN_TOKEN, hash_text(token.strip()), now)
        except LookupError:
            # The token itself is beyond guessing; the log is what somebody could fill.
            if self.parts.audit_log.record_bounded(audit.REFUSAL, "unknown", WRONG_ADMIN_TOKEN):
                log.warning("a login with a wrong, used or expired admin token was refused")
            raise LoginError("admin-token", refusal) from None
        except SQLAlchemyError as error:
            raise database_error(error) from error
        log.warning("%s has logged in as Admin with an admin token", name)
        user = UserIdentity(name, f"admin token of {name}")
        data = SessionData(user, self.parts.provider_name, ADMIN, is_admin_token=True)
        ends_at = now + ADMIN_SECONDS
        session = self.parts.session_start.begin(data, Times(now, ends_at, ends_at), "/", "admin token")
        self.parts.upkeep.start()
        return session

    def start(self) -> None:
        """Begin in the background what makes the first request fast: discovery and keys."""
        if self.parts.provider:
            self.parts.provider.provider.start()
        if self.parts.proxy_keys:
            self.parts.proxy_keys.start()

    def _entry(self, session_id: str) -> CachedSession | None:
        entry = self.parts.memory.sessions.get(hash_text(session_id))
        if entry:
            entry.active_at = self._clock()
        return entry

    def _look_up(self, id_hash: str, entry: CachedSession | None) -> SessionState:
        """Read a session, and renew it if its request must wait for that. Raises SQLAlchemyError."""
        parts = self.parts
        if entry is None or self._clock() - entry.read_at > IDLE_SECONDS:
            entry = parts.memory.keep(id_hash, parts.store.load(id_hash))
        parts.upkeep.start()
        if is_renewal_awaited(entry, self._clock()):
            entry.attempted_at = self._clock()
            parts.upkeep.renew_and_wait(id_hash, WAIT_SECONDS)
            entry = parts.memory.sessions.get(id_hash) or entry
        return final_state(entry, self._clock())

    def _bearer(self, token: str, waits: bool = False) -> Access:
        return self._token_access().get(token, waits)

    def _token_access(self) -> TokenAccess:
        if self.parts.bearer is None:
            raise TokenError("issuer", "no identity provider is set")
        self.parts.upkeep.start()  # it hears of logouts in other processes
        return self.parts.bearer

    def _logout_url(self, row: SessionRow | None, post_logout: str) -> str | None:
        is_admin = bool(row and row.data and row.data.is_admin_token)
        if self.parts.provider is None or is_admin:
            return None
        id_token = row.data.id_token if row and row.data else ""
        return self.parts.provider.provider.end_session_url(id_token or None, post_logout)

    def _provider_parts(self) -> ProviderParts:
        if self.parts.provider is None:
            raise LoginError("provider", "No identity provider is set: [astro_runtime] oidc_issuer is empty.")
        return self.parts.provider
