"""A token's parts: read within bounds, and its signature verified."""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from jwt import PyJWS
from jwt.exceptions import PyJWTError

from astro_runtime_plugin.identity.tokens.algorithms import ALGORITHMS
from astro_runtime_plugin.identity.tokens.bounded_json import parse_object
from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.identity.tokens.keys import MAX_ID_LENGTH, KeySet
from astro_runtime_plugin.options.text import printable

MAX_TOKEN = 16 * 1024  # characters
_signatures = PyJWS(algorithms=list(ALGORITHMS))


class SignedToken(NamedTuple):
    """A token whose signature is right; its claims are not checked yet."""

    algorithm: str
    type: str  # of the header, in lower case and without `application/`; "jwt" where it states none
    claims: dict[str, Any]


def read_signed(token: str, keys: KeySet) -> SignedToken:
    """Return a token that one of the keys has signed. Raises TokenError."""
    header = read_header(token)
    algorithm = _algorithm(header)
    key = keys.select(_key_id(header), algorithm)
    try:
        payload = _signatures.decode(token, key.key, algorithms=[algorithm])
    except (PyJWTError, ValueError, RecursionError):
        raise TokenError("signature", "the token's signature is wrong") from None
    return SignedToken(algorithm, _type(header), _parse(payload, "payload"))


def read_header(token: str) -> dict[str, Any]:
    """Return a token's header, which nothing has verified. Raises TokenError."""
    if len(token) > MAX_TOKEN:
        raise TokenError("too-long", f"the token is longer than {MAX_TOKEN} characters")
    parts = token.split(".")
    if not token.isascii() or len(parts) not in (3, 5):
        raise TokenError("malformed", "this is not a signed token (JWT)")
    if len(parts) == 5:
        raise TokenError("malformed", "the token is encrypted; the provider must only sign it")
    header = _parse(_decode(parts[0]), "header")
    if "crit" in header or "b64" in header:
        raise TokenError("malformed", "the token's header demands an extension that is not supported")
    return header


def _decode(part: str) -> bytes:
    try:
        return base64.b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4), b"-_", validate=True)
    except binascii.Error:
        raise TokenError("malformed", "the token's header is not Base64") from None


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        return parse_object(data)
    except (ValueError, RecursionError) as error:
        why = f": {error}" if type(error) is ValueError else ""
        raise TokenError("malformed", f"the token's {name} cannot be read{printable(why, 120)}") from None


def _algorithm(header: dict[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        text = printable(str(algorithm), 40)
        raise TokenError(
            "algorithm", f"the token is signed by {text!r}, which is not one of {', '.join(ALGORITHMS)}"
        )
    return algorithm


def _key_id(header: dict[str, Any]) -> str | None:
    key_id = header.get("kid")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > MAX_ID_LENGTH):
        raise TokenError("malformed", "the token's key id is not a short text")
    return key_id


def _type(header: dict[str, Any]) -> str:
    name = header.get("typ") or "jwt"
    if not isinstance(name, str):
        raise TokenError("malformed", "the token's type is not a text")
    return name.lower().removeprefix("application/")
