"""The provider's own description of itself (OpenID Connect Discovery)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import fetch_json
from astro_runtime_plugin.identity.provider.urls import provider_url_problem
from astro_runtime_plugin.options.text import printable

PATH = "/.well-known/openid-configuration"
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
)
Names = list[str] | None


class ProviderMetadata(BaseModel, frozen=True):
    """What a login needs to know of the provider; a list that the provider leaves out is None."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    scopes_supported: Names = None
    token_endpoint_auth_methods_supported: Names = Field(None, max_length=50)
    authorization_response_iss_parameter_supported: bool = False
    backchannel_logout_supported: bool = False

    @field_validator(*ENDPOINTS)
    @classmethod
    def _check_endpoint(cls, url: str | None) -> str | None:
        if url is not None and (problem := provider_url_problem(url)):
            raise ValueError(problem)
        return url


def discovery_url(issuer: str) -> str:
    """Return where an issuer describes itself."""
    return issuer.rstrip("/") + PATH


def fetch_metadata(issuer: str) -> ProviderMetadata:
    """Return the provider's description. Raises ProviderError."""
    return parse_metadata(fetch_json(discovery_url(issuer))[0], issuer)


def parse_metadata(document: dict[str, Any], issuer: str) -> ProviderMetadata:
    """Return a description. Raises ProviderError if it is not one, or another issuer's."""
    name = document.get("issuer")
    if name != issuer:
        text = printable(str(name), 200)
        raise ProviderError(
            f"{discovery_url(issuer)} is of issuer {text!r}, not of {issuer!r}; both must be the same"
        )
    try:
        return ProviderMetadata.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise ProviderError(f"{discovery_url(issuer)} is not usable: {printable(why, 200)}") from None
