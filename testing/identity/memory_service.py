"""A service of identities whose sessions and tokens a test puts into it: no provider, no database."""

from __future__ import annotations

import time
from collections.abc import Mapping

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.login import LoginRequest, login_cookie_name
from astro_runtime_plugin.identity.sessions.refusal import Refusal, SeenClaim
from astro_runtime_plugin.identity.sessions.session import (
    Access,
    EndReason,
    NewSession,
    Session,
    SessionState,
)
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from astro_runtime_plugin.identity.tokens.errors import TokenError

PROVIDER = "https://provider.example.com"


class MemoryService:
    """`users` are by token and by the code of a login; one with an empty grant is refused."""

    def __init__(self) -> None:
        self.users: dict[str, tuple[UserIdentity, Grant]] = {}
        self.sessions: dict[str, SessionState] = {}
        self.error: LoginError | None = None
        self.next_path = "/"
        self.ended: list[tuple[str, EndReason, str]] = []
        self.origin = "origin"  # of each token

    def add(self, token: str, name: str, grant: Grant, email: str = "") -> None:
        """Add a user by the token, or the code, that stands for a login."""
        self.users[token] = (UserIdentity(name=name, subject=f"subject of {name}", email=email), grant)

    def begin_login(self, next_url: str, redirect_uri: str, base_path: str = "") -> LoginRequest:
        """Begin a login, whose state is `s`."""
        if self.error:
            raise self.error
        self.next_path = next_url
        return LoginRequest(f"{PROVIDER}/auth?redirect_uri={redirect_uri}", login_cookie_name("s"), "cookie")

    def finish_login(
        self, query: Mapping[str, str], cookies: Mapping[str, str], redirect_uri: str
    ) -> NewSession:
        """Begin the session of the user whose code the query has."""
        if login_cookie_name(query.get("state", "")) not in cookies:
            raise LoginError("state", "No login of this browser fits.")
        return self._begin(*self._known(query["code"]))

    def _begin(self, user: UserIdentity, grant: Grant) -> NewSession:
        session_id = f"session-{len(self.sessions)}"
        now = time.time()
        session = Session(session_id, user, grant, now, now + 300, now + 3600)
        self.sessions[session_id] = SessionState(session)
        return NewSession(session_id, session, self.next_path)

    def check(self, session_id: str) -> SessionState:
        """Return the state of a session."""
        return self.sessions.get(session_id, SessionState(end_reason=EndReason.UNKNOWN))

    peek = check

    def end(self, session_id: str, reason: EndReason = EndReason.LOGOUT, post_logout: str = "") -> str | None:
        """End a session."""
        self.sessions[session_id] = SessionState(end_reason=reason)
        self.ended.append((session_id, reason, post_logout))
        return f"{PROVIDER}/end?to={post_logout}" if post_logout else None

    def end_by_logout_token(self, token: str) -> None:
        """End all sessions by the token `logout`."""
        if token != "logout":
            raise TokenError("malformed", "This is no logout token.")
        for session_id in self.sessions:
            self.end(session_id, EndReason.PROVIDER)

    def bearer(self, token: str) -> Access:
        """Return the user of a token."""
        return Access(*self._known(token), expires_at=time.time() + 60, origin=self.origin)

    exchange = proxy = bearer

    def check_origin(self, origin: str) -> None:
        """Refuse another origin than that of the tokens of now."""
        if origin != self.origin:
            raise TokenError("logout", "The provider has logged the user out.")

    def admin_login(self, token: str) -> NewSession:
        """Begin the session of the user of a break-glass token."""
        try:
            return self._begin(*self._known(token))
        except TokenError as error:
            raise LoginError("admin-token", "The token is not valid.") from error

    def _known(self, token: str) -> tuple[UserIdentity, Grant]:
        if token not in self.users:
            raise TokenError("signature", "The token is not of this provider.")
        user, grant = self.users[token]
        if grant.is_empty:
            raise RefusalError(Refusal(user, (SeenClaim("roles", ("cook",)),), ("roles: Admin for admin",)))
        return user, grant
