"""A token that is signed, from the right issuer, for the right audience and in force; of whatever kind."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from astro_runtime_plugin.identity.tokens.claims import check_audience, check_issuer, check_times
from astro_runtime_plugin.identity.tokens.keys import KeySet
from astro_runtime_plugin.identity.tokens.signature import SignedToken, read_signed

MAX_NAME = 1000  # characters of a subject or a session
# Keycloak says in the claim `typ` what a token is; the header of each of its tokens says JWT.
KEYCLOAK_KINDS = frozenset({"Bearer", "ID", "Logout", "Offline", "Refresh"})


def read_checked(
    token: str,
    keys: KeySet,
    issuer: str,
    audiences: Collection[str],
    now: float | None,
    require: Iterable[str],
) -> SignedToken:
    """Return a token with its claims checked as far as all kinds have it in common. Raises TokenError."""
    signed = read_signed(token, keys)
    check_issuer(signed.claims, issuer)
    check_audience(signed.claims, audiences)
    check_times(signed.claims, time.time() if now is None else now, require)
    return signed


def is_name(value: object) -> bool:
    """Whether a claim is a text that can name a subject, a session or a token."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def has_other_kind(signed: SignedToken, *kinds: str) -> bool:
    """Whether Keycloak says that a token is of none of these kinds."""
    stated = signed.claims.get("typ")
    return isinstance(stated, str) and stated in KEYCLOAK_KINDS.difference(kinds)
