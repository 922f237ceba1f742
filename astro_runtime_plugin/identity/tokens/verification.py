"""What the other areas use of this one: the verification of each kind of token, and the sets of keys.

Each kind of token is refused where another one is expected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from astro_runtime_plugin.identity.tokens.access_token import verify_access_token
from astro_runtime_plugin.identity.tokens.algorithms import ALGORITHMS
from astro_runtime_plugin.identity.tokens.checked import read_checked
from astro_runtime_plugin.identity.tokens.claims import LEEWAY
from astro_runtime_plugin.identity.tokens.errors import KeySetError, TokenError, UnknownKeyError
from astro_runtime_plugin.identity.tokens.id_token import verify_id_token
from astro_runtime_plugin.identity.tokens.keys import KeySet, parse_keys
from astro_runtime_plugin.identity.tokens.logout_token import verify_logout_token
from astro_runtime_plugin.identity.tokens.signature import MAX_TOKEN, read_header

__all__ = [
    "ALGORITHMS",
    "LEEWAY",
    "MAX_TOKEN",
    "KeySet",
    "KeySetError",
    "TokenError",
    "UnknownKeyError",
    "parse_keys",
    "read_header",
    "verify",
    "verify_access_token",
    "verify_id_token",
    "verify_logout_token",
]


def verify(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    audiences: Collection[str],
    now: float | None = None,
    require: Iterable[str] = ("exp", "iat"),
) -> dict[str, Any]:
    """Return the claims of a token of any kind, such as a proxy's. Raises TokenError."""
    return read_checked(token, keys, issuer, audiences, now, require).claims
