"""Who makes a request: by its Bearer token, by the trusted proxy's header, or by the session that its cookie names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request
from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.identity.airflow2.proxy_header import proxy_token
from astro_runtime_plugin.identity.airflow2.user import FabUser
from astro_runtime_plugin.identity.airflow2.user_rows import row_id
from astro_runtime_plugin.identity.requests import bearer_token
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions import process as identity
from astro_runtime_plugin.identity.sessions.errors import RefusalError
from astro_runtime_plugin.identity.sessions.refusal import Refusal
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.errors import TokenError

log = logging.getLogger("astro_runtime")
SESSION_KEY = "astro_runtime_session"  # in Flask's session: the secret id of ours
BEARER, PROXY, SESSION = "bearer", "proxy", "session"


@dataclass(frozen=True)
class Denial:
    """Why what a request brought to name its user does not count."""

    source: str  # BEARER, PROXY or SESSION
    status: int
    reason: str  # a stable word
    detail: str  # a sentence
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Caller:
    """The user of a request and what named that user; or the first denial, if there was anything to deny."""

    user: FabUser | None = None
    source: str = ""
    denial: Denial | None = None


NOBODY = Caller()


def caller_of(request: Request, session: Mapping[str, Any], settings: IdentitySettings) -> Caller:
    """Return who makes the request. A user without any role ends the search, as that user is known."""
    attempts: tuple[Callable[[], Caller], ...] = (
        lambda: _by_token(BEARER, bearer_token(request.headers.get("Authorization", ""))),
        lambda: _by_token(PROXY, proxy_token(request, settings)),
        lambda: _by_session(session.get(SESSION_KEY)),
    )
    first = NOBODY
    for attempt in attempts:
        caller = attempt()
        if caller.user or (caller.denial and caller.denial.refusal):
            return caller
        first = first if first.denial else caller
    return first


def _by_token(source: str, token: str) -> Caller:
    if not token:
        return NOBODY
    service = identity.service()
    try:
        access = service.bearer(token) if source == BEARER else service.proxy(token)
    except TokenError as error:
        return Caller(denial=Denial(source, 401, error.reason, str(error)))
    except RefusalError as error:
        return Caller(denial=Denial(source, 403, "roles", str(error), error.refusal))
    return _caller(source, access.user, access.grant)


def _by_session(session_id: Any) -> Caller:
    if not isinstance(session_id, str):
        return NOBODY
    state = identity.service().check(session_id)
    if state.session:
        return _caller(SESSION, state.session.user, state.session.grant)
    return Caller(denial=_end(state.end_reason or EndReason.UNKNOWN))


def _end(reason: EndReason) -> Denial:
    return Denial(SESSION, 503 if reason is EndReason.UNAVAILABLE else 401, reason.value, reason.text)


def _caller(source: str, user: UserIdentity, grant: Grant) -> Caller:
    try:
        return Caller(FabUser(row_id(user), user, grant), source)
    except SQLAlchemyError as error:
        log.warning("The row of the user %r cannot be written: %s", user.name, type(error).__name__)
        return Caller(denial=_end(EndReason.UNAVAILABLE))
