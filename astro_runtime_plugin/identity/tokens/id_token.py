"""The ID token of a login: who has logged in, to which client, and in which login."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from astro_runtime_plugin.identity.tokens.algorithms import half_hash
from astro_runtime_plugin.identity.tokens.checked import has_other_kind, is_name, read_checked
from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.identity.tokens.keys import KeySet
from astro_runtime_plugin.identity.tokens.signature import SignedToken


def verify_id_token(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    nonce: str | None = None,
    access_token: str | None = None,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the claims of the ID token of a login, or of a refresh, which need not have the `nonce` (None).

    Raises TokenError.
    """
    signed = read_checked(token, keys, issuer, {client_id}, now, ("exp", "iat", "sub"))
    if signed.type != "jwt" or has_other_kind(signed, "ID") or "events" in signed.claims:
        raise TokenError("kind", "this is not an ID token")
    _check_names(signed.claims, client_id)
    if nonce is not None and not _same_text(signed.claims.get("nonce"), nonce):
        raise TokenError("nonce", "the ID token belongs to another login")
    if access_token is not None and "at_hash" in signed.claims:
        _check_access_token_hash(signed, access_token)
    return signed.claims


def _check_names(claims: Mapping[str, Any], client_id: str) -> None:
    if not is_name(claims["sub"]):
        raise TokenError("malformed", "the ID token's subject is not a text")
    if claims.get("azp", client_id) != client_id:
        raise TokenError("audience", "the ID token was issued to another client")


def _check_access_token_hash(signed: SignedToken, access_token: str) -> None:
    digest = half_hash(signed.algorithm, access_token)
    if digest is None:
        return
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not _same_text(signed.claims["at_hash"], expected):
        raise TokenError("signature", "the ID token does not belong to the access token")


def _same_text(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(errors="replace"), expected.encode())
