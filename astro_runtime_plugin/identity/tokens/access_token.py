"""Access tokens of the provider, which people and machines send to the REST API.

An ID token is refused: it says who has logged in to a client, and the browser of whoever logs in has seen it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from astro_runtime_plugin.identity.tokens.checked import has_other_kind, read_checked
from astro_runtime_plugin.identity.tokens.claims import audience_list
from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.identity.tokens.keys import KeySet

KEYCLOAK_KIND = "Bearer"
ID_TOKEN_CLAIMS = ("at_hash", "c_hash", "s_hash", "nonce")
# What only access tokens have, by provider: the scope, or the client that got it.
ACCESS_TOKEN_CLAIMS = ("scope", "scp", "client_id", "cid", "appid", "azpacr", "appidacr", "idtyp", "gty")


def verify_access_token(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    audiences: Collection[str],
    now: float | None = None,
) -> dict[str, Any]:
    """Return the claims of an access token for one of `audiences` or for `client_id`. Raises TokenError."""
    signed = read_checked(token, keys, issuer, {client_id, *audiences}, now, ("exp", "iat"))
    claims = signed.claims
    if claims.get("cnf") is not None:
        raise TokenError(
            "kind", "the access token is bound to its sender's key; only bearer tokens are accepted"
        )
    if signed.type not in ("jwt", "at+jwt") or has_other_kind(signed, KEYCLOAK_KIND) or "events" in claims:
        raise TokenError("kind", "this is not an access token")
    if signed.type != "at+jwt" and claims.get("typ") != KEYCLOAK_KIND:
        _refuse_id_token(claims, audiences)
    return claims


def _refuse_id_token(claims: Mapping[str, Any], audiences: Collection[str]) -> None:
    if any(name in claims for name in ID_TOKEN_CLAIMS):
        raise TokenError("kind", "this is an ID token; the API takes access tokens")
    for_client_alone = not set(audience_list(claims)) & set(audiences)
    if for_client_alone and not any(name in claims for name in ACCESS_TOKEN_CLAIMS):
        why = (
            "it has no scope and names no client; give access tokens an audience and name it in oidc_audience"
        )
        raise TokenError("kind", f"this may be an ID token: {why}")
