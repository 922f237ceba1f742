"""Logout tokens: the provider says that a session has ended there (OpenID Connect Back-Channel Logout)."""

from __future__ import annotations

import time
from typing import Any

from astro_runtime_plugin.identity.tokens.checked import has_other_kind, is_name, read_checked
from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.identity.tokens.keys import KeySet
from astro_runtime_plugin.identity.tokens.signature import SignedToken

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_AGE = 600  # seconds


def verify_logout_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, now: float | None = None
) -> dict[str, Any]:
    """Return the claims of a logout token: `sid`, `sub` or both, and `jti`. Raises TokenError.

    The caller must refuse a `jti` that it has seen within the last 20 minutes.
    """
    current = time.time() if now is None else now
    signed = read_checked(token, keys, issuer, {client_id}, current, ("iat", "jti"))
    claims = signed.claims
    if not _is_about_logout(signed):
        raise TokenError("kind", "this is not a logout token")
    if current - claims["iat"] > MAX_AGE:
        raise TokenError("expired", "the logout token is too old")
    names = [claims[name] for name in ("jti", "sub", "sid") if claims.get(name) is not None]
    if len(names) < 2 or not all(map(is_name, names)):
        raise TokenError("malformed", "the logout token names no session and no subject")
    return claims


def _is_about_logout(signed: SignedToken) -> bool:
    events = signed.claims.get("events")
    has_event = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    right_kind = signed.type in ("jwt", "logout+jwt") and not has_other_kind(signed, "Logout")
    return has_event and right_kind and "nonce" not in signed.claims
