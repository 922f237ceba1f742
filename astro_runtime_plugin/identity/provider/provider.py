"""The identity provider of the settings, as the other areas use it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from astro_runtime_plugin.identity.provider.client import OAuthClient, code_challenge
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import fetch_json
from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.provider.metadata import ProviderMetadata, fetch_metadata
from astro_runtime_plugin.identity.provider.tokens import Tokens, read_tokens, request_error
from astro_runtime_plugin.identity.provider.urls import add_query

SCOPES = "openid profile email"
OFFLINE = "offline_access"  # most providers give a refresh token only for this scope
# Keycloak gives one without it, which ends with the session there; with it, it lives on after the logout.
KEYCLOAK_PATH = "/protocol/openid-connect/"
METADATA_SECONDS = 300.0
MAX_HINT = (
    3000  # characters of an ID token in a logout's address: nginx refuses an answer with 4 KiB of headers
)
FAILURE_SECONDS = (
    5.0  # how long a failed discovery stands: logins do not queue up behind a provider that is away
)


class ProviderSettings(Protocol):
    """The settings that a provider needs; `client_secret` and `scopes` may be empty."""

    @property
    def issuer(self) -> str: ...  # noqa: D102
    @property
    def client_id(self) -> str: ...  # noqa: D102
    @property
    def client_secret(self) -> str: ...  # noqa: D102
    @property
    def scopes(self) -> str: ...  # noqa: D102


class Provider(KeyCache):
    """One provider: its description and keys in memory, and the requests of logins.

    Each request takes 8 seconds at most, and raises ProviderError.
    """

    def __init__(self, settings: ProviderSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(self._current_key_url)
        self.issuer, self._scopes, self._clock = settings.issuer, settings.scopes, clock
        self.client = OAuthClient(settings.client_id, settings.client_secret or "")
        self._metadata: ProviderMetadata | None = None
        self._fetched_at = self._failed_at = -METADATA_SECONDS
        self._failure: ProviderError | None = None

    @property
    def metadata(self) -> ProviderMetadata:
        """What the provider says of itself; a request only where none has succeeded yet. Raises ProviderError."""
        if self._metadata is not None:
            return self._metadata
        if self._failure and self._clock() - self._failed_at < FAILURE_SECONDS:
            raise ProviderError(str(self._failure), self._failure.transient)
        return self._fetch_metadata()

    def authorization_url(
        self, redirect_uri: str, state: str, nonce: str, verifier: str, **others: str
    ) -> str:
        """Return where a login begins; `others` are further parameters, such as `prompt`."""
        fields = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": redirect_uri,
            "scope": self.scopes(),
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge(verifier),
            "code_challenge_method": "S256",
            **others,
        }
        return add_query(self.metadata.authorization_endpoint, fields)

    def scopes(self) -> str:
        """Return the scopes that a login asks for."""
        if self._scopes not in ("", SCOPES):
            return self._scopes
        listed = OFFLINE in (self.metadata.scopes_supported or [])
        has_own_rule = KEYCLOAK_PATH in self.metadata.authorization_endpoint
        return f"{SCOPES} {OFFLINE}" if listed and not has_own_rule else SCOPES

    def check_callback(self, issuer: str | None) -> None:
        """Raise ProviderError if the `iss` of a login's answer is another provider's (RFC 9207)."""
        expected = self.metadata.authorization_response_iss_parameter_supported
        if (issuer is None and expected) or issuer not in (None, self.issuer):
            raise ProviderError("the login was answered by another provider")

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Return the tokens for a login's code."""
        fields = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        return self._request_tokens({"grant_type": "authorization_code", **fields})

    def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens; where they have a refresh token, the old one no longer counts."""
        return self._request_tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, token: str) -> None:
        """Tell the provider that a refresh token is no longer needed, where it takes that."""
        url = self.metadata.revocation_endpoint
        if url:
            reply = self.client.post(url, self.metadata, {"token": token})
            if reply.status >= 300:
                raise request_error(reply, reply.document())

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """Return the user's claims that the ID token may lack; none where the provider has no such endpoint.

        The caller must compare `sub` with the ID token's.
        """
        url = self.metadata.userinfo_endpoint
        return fetch_json(url, {"Authorization": f"Bearer {access_token}"})[0] if url else {}

    def end_session_url(self, id_token: str | None, post_logout: str) -> str | None:
        """Return where the provider ends its session and sends the browser back; None if it has no such place.

        Never a request: whoever logs out while the provider is away is logged out here. A provider without the hint of
        who logs out asks the user.
        """
        url = self._metadata.end_session_endpoint if self._metadata else None
        fields = {
            "client_id": self.client.id,
            "post_logout_redirect_uri": post_logout,
            "id_token_hint": id_token if id_token and len(id_token) <= MAX_HINT else None,
        }
        return add_query(url, {name: value for name, value in fields.items() if value}) if url else None

    def _request_tokens(self, fields: dict[str, str]) -> Tokens:
        return read_tokens(self.client.post(self.metadata.token_endpoint, self.metadata, fields))

    def _current_key_url(self) -> str:
        """Return the keys' URL, from a description that is renewed as often as the keys are."""
        if self._clock() - self._fetched_at >= METADATA_SECONDS - 1:
            try:
                self._fetch_metadata()
            except ProviderError:
                if self._metadata is None:
                    raise
        return self.metadata.jwks_uri

    def _fetch_metadata(self) -> ProviderMetadata:
        try:
            metadata = fetch_metadata(self.issuer)
        except ProviderError as error:
            self._failed_at, self._failure = self._clock(), error
            raise
        self._metadata, self._fetched_at, self._failure = metadata, self._clock(), None
        return metadata
