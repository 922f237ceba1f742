"""From the text of a token to a user: Airflow's own JWTs, as this room makes them, and the provider's tokens.

A JWT of a login names the session, whose user and roles are those of the moment. A JWT from the exchange, which has no
session, carries its grant, and counts no longer than the token that it was made from; that token itself is not in it,
so that whoever gets the JWT has nothing for other services, and a long token becomes a short one.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from contextvars import ContextVar
from typing import Any, NoReturn

from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.models.revoked_token import RevokedToken
from cachetools import TTLCache
from fastapi import HTTPException
from jwt import ExpiredSignatureError, InvalidTokenError
from starlette.concurrency import run_in_threadpool

from astro_runtime_plugin.identity.airflow3.user import RuntimeUser
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.errors import RefusalError
from astro_runtime_plugin.identity.sessions.process import service
from astro_runtime_plugin.identity.sessions.session import EndReason, SessionState
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from astro_runtime_plugin.identity.tokens.bounded_json import parse_object
from astro_runtime_plugin.identity.tokens.signature import MAX_TOKEN
from astro_runtime_plugin.identity.tokens.verification import TokenError

# The claims that only this room's JWTs have: the session, or a grant and what it comes from; and what the JWT is for.
SESSION, GRANT, ORIGIN, USE = "astro_session", "astro_grant", "astro_origin", "astro_use"
COOKIE, BEARER = "cookie", "bearer"
CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
# The user of the cookie of this request, which the middleware has verified, so that nobody does it again.
VERIFIED: ContextVar[tuple[str, RuntimeUser] | None] = ContextVar("verified", default=None)
_revocations: TTLCache[str, bool] = TTLCache(maxsize=10_000, ttl=5)


def cookie_claims(name: str, session_id: str) -> dict[str, Any]:
    """Return what the JWT in a browser's cookie says."""
    return {"sub": name, SESSION: session_id, USE: COOKIE}


def bearer_claims(user: RuntimeUser) -> dict[str, Any]:
    """Return what a JWT for a script says. With a session it ends with it."""
    grant = {GRANT: user.grant.to_json(), ORIGIN: user.origin}
    return {"sub": user.get_id(), USE: BEARER, **({SESSION: user.session_id} if user.session_id else grant)}


class EndedSessionError(HTTPException):
    """A session that has ended, or that nobody can look up now (503)."""

    def __init__(self, reason: EndReason, session_id: str = "") -> None:
        is_away = reason is EndReason.UNAVAILABLE
        super().__init__(503 if is_away else 401, reason.text, None if is_away else CHALLENGE)
        self.reason = reason
        self.session_id = session_id


async def user_of_token(token: str) -> RuntimeUser:
    """Return the user of a Bearer token, or of the cookie. Raises HTTPException (401, 403, 503), with the reason."""
    verified = VERIFIED.get()
    if verified and verified[0] == token:
        return verified[1]
    if not is_own(token):
        return await _user_of_provider(token)
    claims = await _verified_claims(token)
    if claims.get(USE) != COOKIE and await _is_revoked(claims.get("jti")):
        refuse("The token has been revoked.")
    return await user_of_claims(claims)


async def user_of_cookie(token: str) -> RuntimeUser | None:
    """Return the user of a browser's session; None if the cookie is not one of ours.

    Raises EndedSessionError, also where the cookie's own time is over.
    """
    if not is_own(token):
        return None
    try:
        claims = await BaseAuthManager._get_token_validator().avalidated_claims(token)
    except ExpiredSignatureError:
        raise EndedSessionError(EndReason.EXPIRED) from None
    except InvalidTokenError:
        return None
    return await user_of_claims(claims) if claims.get(USE) == COOKIE else None


async def user_of_claims(claims: dict[str, Any]) -> RuntimeUser:
    """Return the user of a verified JWT of this room. Raises HTTPException."""
    if SESSION in claims:
        state = await state_of_session(claims[SESSION])
        if state.session:
            return RuntimeUser.of_session(claims[SESSION], state.session)
        raise EndedSessionError(state.end_reason or EndReason.UNKNOWN, claims[SESSION])
    try:
        return user_of_grant(claims)
    except TokenError as error:
        refuse(str(error))
    except (KeyError, ValueError):
        refuse("The token is not valid.")


def user_of_grant(claims: dict[str, Any]) -> RuntimeUser:
    """Return the user of a JWT without a session.

    Raises KeyError and ValueError for other claims, and TokenError if the token that it was made from counts no more.
    """
    name, origin = claims["sub"], str(claims[ORIGIN])
    service().check_origin(origin)
    grant = Grant.from_json(claims[GRANT])
    return RuntimeUser(UserIdentity(name, name), grant, float(claims["exp"]), origin=origin)


async def state_of_session(session_id: str) -> SessionState:
    """Return the state of a session, without a thread if it is in memory."""
    sessions = service()
    state = sessions.peek(session_id)
    return state if state else await run_in_threadpool(sessions.check, session_id)


def is_own(token: str) -> bool:
    """Whether a token says that this room made it; nothing is verified here."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN or len(parts) != 3:
        return False
    try:
        return USE in parse_object(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return False


def seconds_left(user: RuntimeUser, seconds: float) -> float:
    """Return how long a new token of a user may live, at most `seconds`."""
    return max(0.0, min(seconds, user.expires_at - time.time()))


def refuse(detail: str) -> NoReturn:
    """Answer 401."""
    raise HTTPException(401, detail, CHALLENGE)


async def _verified_claims(token: str) -> dict[str, Any]:
    try:
        return dict(await BaseAuthManager._get_token_validator().avalidated_claims(token))
    except ExpiredSignatureError:
        refuse("The token has expired.")
    except InvalidTokenError:
        refuse("The token is not valid.")


async def _user_of_provider(token: str) -> RuntimeUser:
    try:
        return RuntimeUser.of_access(await run_in_threadpool(service().bearer, token))
    except TokenError as error:
        refuse(str(error))
    except RefusalError as error:
        raise HTTPException(403, str(error)) from None


async def _is_revoked(token_id: Any) -> bool:
    """Whether somebody has logged out with a script's token; at most five seconds ago it may not be known."""
    if not isinstance(token_id, str):
        return True
    is_revoked = _revocations.get(token_id)
    if is_revoked is None:
        is_revoked = _revocations[token_id] = await run_in_threadpool(RevokedToken.is_revoked, token_id)
    return is_revoked
