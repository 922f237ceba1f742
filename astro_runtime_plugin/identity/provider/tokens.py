"""What the token endpoint answers (RFC 6749, OpenID Connect Core)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from astro_runtime_plugin.identity.provider.errors import PASSES, ProviderError
from astro_runtime_plugin.identity.provider.http import Reply
from astro_runtime_plugin.options.text import printable
from astro_runtime_plugin.options.urls import without_secrets

MAX_LENGTH = 64 * 1024  # characters of a token


@dataclass(frozen=True)
class Tokens:
    """The tokens of a login or of a refresh; `expires_in` is the access token's life in seconds."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: float | None = None


def read_tokens(reply: Reply) -> Tokens:
    """Return the tokens of an answer. Raises ProviderError."""
    if reply.status == 400 and not reply.body.strip():
        # So Glewlwyd refuses a code or a refresh token.
        raise ProviderError(f"{without_secrets(reply.url)} answered 400", code="invalid_grant")
    document = reply.document()
    if reply.status != 200:
        raise request_error(reply, document)
    access = _text(document, "access_token", reply)
    if access is None or str(document.get("token_type", "Bearer")).lower() != "bearer":
        raise ProviderError(f"{without_secrets(reply.url)} answered without a bearer token")
    id_token, refresh = (_text(document, name, reply) for name in ("id_token", "refresh_token"))
    return Tokens(access, id_token, refresh, _seconds(document.get("expires_in")))


def request_error(reply: Reply, document: dict[str, Any]) -> ProviderError:
    """Return the error that an answer states; without OAuth's word for it, it may pass."""
    code = document.get("error")
    place = without_secrets(reply.url)
    if not isinstance(code, str) or not code:
        return ProviderError(f"{place} answered {reply.status}", transient=True)
    code, description = printable(code, 80), document.get("error_description")
    detail = f" ({printable(description, 200)})" if isinstance(description, str) else ""
    transient = code in PASSES or reply.status >= 500
    return ProviderError(f"{place} answered {code}{detail}", transient, code)


def _text(document: dict[str, Any], name: str, reply: Reply) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if (
        not isinstance(value, str)
        or len(value) > MAX_LENGTH
        or not value.isascii()
        or not value.isprintable()
    ):
        raise ProviderError(f"{without_secrets(reply.url)} answered with an unusable {name}")
    return value


def _seconds(value: object) -> float | None:
    """Return a number of seconds, which some providers write as text."""
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else -1.0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < 1e9 else None
