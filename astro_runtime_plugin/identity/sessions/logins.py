"""Logins: from the browser's first request to a session in the database."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.database.state import NoTableError
from astro_runtime_plugin.identity.next_url import origin_of, safe_next
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions import audit, single_use
from astro_runtime_plugin.identity.sessions.claims import ClaimReader
from astro_runtime_plugin.identity.sessions.data import SessionData, TokenClaims
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.login import (
    LOGIN_SECONDS,
    STATE_MESSAGE,
    LoginRequest,
    LoginSeal,
    PendingLogin,
    login_cookie_name,
)
from astro_runtime_plugin.identity.sessions.memory import SessionMemory
from astro_runtime_plugin.identity.sessions.refusal import refusal_of
from astro_runtime_plugin.identity.sessions.renewal import describe_grant, display_name, token_expiry
from astro_runtime_plugin.identity.sessions.session import NewSession
from astro_runtime_plugin.identity.sessions.store import SessionStore, Times, hash_text
from astro_runtime_plugin.identity.sessions.user import NamelessUserError, identity_of
from astro_runtime_plugin.identity.tokens.claims import CLOCKS
from astro_runtime_plugin.identity.tokens.verification import TokenError
from astro_runtime_plugin.options.text import single_line

log = logging.getLogger("astro_runtime")


@dataclass(frozen=True)
class SessionStart:
    """Stores new sessions, each with a new id, so that nobody can fix one beforehand."""

    store: SessionStore
    memory: SessionMemory
    audit_log: audit.AuditLog

    def begin(self, data: SessionData, times: Times, next_path: str, how: str, sid: str = "") -> NewSession:
        """Store a session and return it. Raises LoginError if the database is away."""
        session_id = secrets.token_urlsafe(32)
        id_hash = hash_text(session_id)
        try:
            self.store.insert(id_hash, data, times, sid)
            state = self.memory.keep(id_hash, self.store.load(id_hash)).state
        except SQLAlchemyError as error:
            raise database_error(error) from error
        if state.session is None:  # the rules have changed at this very moment
            raise LoginError("state", "The rules have changed; log in again.")
        text = f"{how}: {describe_grant(state.session.grant)}"
        self.audit_log.record(audit.LOGIN, data.user.name, text, display_name(data))
        return NewSession(session_id, state.session, next_path)


@dataclass(frozen=True)
class LoginFlow:
    """The authorization code flow with PKCE, state and nonce."""

    provider: Provider
    reader: ClaimReader
    seal: LoginSeal
    start: SessionStart
    rules: Callable[[], RoleRules]
    provider_name: str  # issuer and client, as the session rows have it
    user_claim: str
    session_seconds: float
    clock: Callable[[], float]

    def begin(self, next_url: str, redirect_uri: str, base_path: str) -> LoginRequest:
        """Return where to send the browser, and what it must remember. Raises LoginError."""
        login = PendingLogin(safe_next(next_url, base_path, origin_of(redirect_uri)), redirect_uri)
        try:
            url = self.provider.authorization_url(
                redirect_uri, state=login.state, nonce=login.nonce, verifier=login.verifier
            )
        except ProviderError as error:
            raise provider_error(error) from error
        return LoginRequest(url, login_cookie_name(login.state), self.seal.close(login, self.clock()))

    def finish(self, query: Mapping[str, str], cookies: Mapping[str, str], redirect_uri: str) -> NewSession:
        """Turn the provider's answer into a session. Raises LoginError and RefusalError."""
        login = self.seal.open(query.get("state", ""), cookies, redirect_uri, self.clock())
        self._use_state(login)
        tokens = self._exchange(query, login)
        rules = self.rules()
        try:
            claims = self.reader.read_login(tokens, login.nonce, rules)
            data = self._data(tokens, claims, rules)
        except TokenError as error:
            hint = CLOCKS if error.reason == "expired" else "."  # the token is a second old
            raise LoginError("token", f"The provider's answer cannot be verified: {error}{hint}") from error
        except NamelessUserError as error:
            raise LoginError("user", f"{error}.") from error
        now = self.clock()
        ends_at = now + self.session_seconds
        times = Times(now, min(token_expiry(tokens, claims.id.get("exp"), now), ends_at), ends_at)
        sid = claims.id.get("sid")
        return self.start.begin(data, times, login.next_path, "login", sid if isinstance(sid, str) else "")

    def _use_state(self, login: PendingLogin) -> None:
        try:
            # Until the cookie is too old in any case, by the clocks of all web servers.
            is_first = single_use.use_first(
                single_use.STATE, login.state_hash, self.clock() + 2 * LOGIN_SECONDS
            )
        except SQLAlchemyError as error:
            raise database_error(error) from error
        if not is_first:
            raise LoginError("state", STATE_MESSAGE)

    def _exchange(self, query: Mapping[str, str], login: PendingLogin) -> Tokens:
        try:
            self.provider.check_callback(query.get("iss"))
            if "error" in query or not query.get("code"):
                raise LoginError("provider", _answer_text(query))
            return self.provider.exchange(query["code"], login.redirect_uri, login.verifier)
        except ProviderError as error:
            raise provider_error(error) from error

    def _data(self, tokens: Tokens, claims: TokenClaims, rules: RoleRules) -> SessionData:
        merged = claims.merge()
        user, grant = identity_of(merged, self.user_claim), rules.match(merged)
        if grant.is_empty:
            self.start.audit_log.record(audit.REFUSAL, user.name, "login: no rule matches")
            raise RefusalError(refusal_of(user, merged, rules, self._logout_url(tokens)))
        return SessionData(
            user, self.provider_name, grant, claims, tokens.refresh_token or "", tokens.id_token or ""
        )

    def _logout_url(self, tokens: Tokens) -> str | None:
        return self.provider.end_session_url(tokens.id_token, "")


def provider_error(error: ProviderError) -> LoginError:
    """Return what a login says of a provider that is away, or that refuses the request."""
    log.warning("login: %s", error)
    if error.transient:
        return LoginError("away", f"The identity provider is not available: {error}.")
    return LoginError("provider", f"The identity provider refuses the login: {error}.")


def database_error(error: SQLAlchemyError) -> LoginError:
    """Return what a login says when the database is away."""
    why = str(error) if isinstance(error, NoTableError) else type(error).__name__
    log.warning("login: the metadata database cannot be used: %s", why)
    return LoginError("database", "Airflow's metadata database cannot be used at the moment.")


def _answer_text(query: Mapping[str, str]) -> str:
    code = single_line(query.get("error", "no code"), 80)
    description = single_line(query.get("error_description", ""), 200)
    return f"The identity provider answered {code}{': ' if description else ''}{description}"
