"""The checks that all kinds of tokens share: who issued it, for whom, and whether it is in force."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.options.text import printable

LEEWAY = 30  # seconds that this machine's clock and the provider's may differ
MAX_AUDIENCES = 100
TIMES = ("exp", "iat", "nbf")
CLOCKS = "; do the clocks of this machine and of the provider agree?"


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """Raise TokenError unless the token is from `issuer`, spelled exactly so."""
    if claims.get("iss") != issuer:
        text = printable(str(claims.get("iss")), 120)
        raise TokenError("issuer", f"the token is from {text!r}, not from {printable(issuer, 120)!r}")


def check_audience(claims: Mapping[str, Any], audiences: Collection[str]) -> None:
    """Raise TokenError unless the token is for one of `audiences`."""
    stated = audience_list(claims)
    if not set(stated) & set(audiences):
        text, wanted = (printable(", ".join(names), 120) for names in (stated, sorted(audiences)))
        raise TokenError("audience", f"the token is for {text!r}, not for {wanted!r}")


def audience_list(claims: Mapping[str, Any]) -> list[str]:
    """Return the audiences that a token states, one or a list. Raises TokenError for anything else."""
    stated = claims.get("aud", [])
    names = [stated] if isinstance(stated, str) else stated
    if (
        not isinstance(names, list)
        or len(names) > MAX_AUDIENCES
        or not all(isinstance(name, str) for name in names)
    ):
        raise TokenError("malformed", "the token's audience is not a text or a list of texts")
    return names


def check_times(claims: Mapping[str, Any], now: float, required: Iterable[str]) -> None:
    """Raise TokenError unless the token is in force at `now`, in seconds since 1970, and has the required claims."""
    for name in required:
        if claims.get(name) is None:
            raise TokenError("malformed", f"the token has no claim {name!r}")
    times = {name: _seconds(name, claims[name]) for name in TIMES if claims.get(name) is not None}
    expired = now - times.get("exp", now + 1)
    if expired >= LEEWAY:
        raise TokenError("expired", f"the token expired {expired:.0f} s ago")
    for name, what in (("nbf", "is not valid for another"), ("iat", "was issued in the future, in")):
        early = times.get(name, now) - now
        if early > LEEWAY:
            raise TokenError("not-before", f"the token {what} {early:.0f} s{CLOCKS}")


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        raise TokenError("malformed", f"the token's claim {name!r} is not a time in seconds")
    return float(value)
