"""Who a user is, from the claims of a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astro_runtime_plugin.options.text import single_line

MAX_NAME = 250  # characters of a user name
DEFAULT_CLAIMS = ("preferred_username", "email", "sub")


class NamelessUserError(ValueError):
    """The claims hold no usable user name; the message names the claims that were looked at."""


@dataclass(frozen=True)
class UserIdentity:
    """A person or a machine, as the provider names it. `email` is empty unless the provider has verified it."""

    name: str  # the user name in Airflow: audit log, owner of DAG runs; never empty
    subject: str  # the provider's `sub`
    email: str = ""
    first_name: str = ""
    last_name: str = ""


def trusted_claims(claims: Mapping[str, Any], *, is_proxy: bool = False) -> dict[str, Any]:
    """Return the claims without an `email` that nobody has verified: its owner may have made it up.

    A proxy's token often has no email_verified (Google IAP, Cloudflare Access): there it must only not be false.
    """
    is_verified = claims.get("email_verified", is_proxy) is True
    return {name: value for name, value in claims.items() if name != "email" or is_verified}


def identity_of(claims: Mapping[str, Any], user_claim: str = "") -> UserIdentity:
    """Return the user of a verified token, from its `trusted_claims`.

    The name is the claim `user_claim`; without one preferred_username, else email, else sub. A name that is longer than
    MAX_NAME, or that does not print, is not changed but refused: it could become another user's. Raises
    NamelessUserError.
    """
    names = (user_claim,) if user_claim else DEFAULT_CLAIMS
    subject = _name(claims.get("sub"))
    name = next((name for name in map(_name, map(claims.get, names)) if name), "")
    if not name or not (subject or user_claim):
        missing = " or ".join(names) if not name else "sub"
        raise NamelessUserError(f"the token has no usable user name: {missing}{_hint(names)}")
    return UserIdentity(
        name=name,
        subject=subject or name,
        email=_name(claims.get("email")),
        first_name=_text(claims.get("given_name")) or _text(claims.get("name")),
        last_name=_text(claims.get("family_name")),
    )


def _hint(names: tuple[str, ...]) -> str:
    return " (an email counts where email_verified is true)" if "email" in names else ""


def _name(value: Any) -> str:
    """Return a claim that names somebody; empty if it is no name."""
    is_name = isinstance(value, str) and len(value) <= MAX_NAME and value == single_line(value, MAX_NAME)
    return value if is_name else ""


def _text(value: Any) -> str:
    return single_line(value, 100) if isinstance(value, str) else ""
