"""A provider without a network: it signs real tokens, rotates refresh tokens, and notices one that is used twice."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.verification import KeySet, parse_keys
from testing.identity.signing import SigningKey, login_claims

ISSUER, CLIENT = "https://id.example.com", "airflow"


class ProviderDouble(Provider):
    """`claims` are the user's of the moment; `failure` is what each request fails with, if set."""

    def __init__(self, clock: Callable[[], float], **claims: Any) -> None:
        super().__init__(IdentitySettings(issuer=ISSUER, client_id=CLIENT))
        self.now = clock
        self.claims: dict[str, Any] = {"sub": "ann", "preferred_username": "ann", **claims}
        self.userinfo_claims: dict[str, Any] = {}
        self.failure: ProviderError | None = None
        self.life = 300.0
        self.has_refresh_tokens = True
        self.has_id_token_at_refresh = True
        self.signing = SigningKey()
        self.requests: list[str] = []
        self.gate = threading.Event()  # a refresh waits until it is set
        self.gate.set()
        self.refresh_started = threading.Event()
        self._valid_refresh_tokens: set[str] = set()
        self.publish(self.signing)

    def publish(self, *keys: SigningKey) -> None:
        """Let these be the keys that Airflow has in memory."""
        self._keys = parse_keys({"keys": [key.jwk for key in keys]})

    def forget_keys(self) -> None:
        """Be a provider whose keys were never read."""
        self._keys = KeySet()

    def id_token(self, **claims: Any) -> str:
        return self.signing.sign(self._claims(**claims))

    def bearer_token(self, **claims: Any) -> str:
        return self.signing.sign(self._claims(scope="openid", **claims), typ="at+jwt")

    def logout_token(self, **claims: Any) -> str:
        event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        stated = {"events": event, "jti": secrets.token_hex(8), **claims}
        return self.signing.sign(login_claims(ISSUER, CLIENT, self.now(), **{"sub": None, **stated}))

    def authorization_url(
        self, redirect_uri: str, state: str, nonce: str, verifier: str, **others: str
    ) -> str:
        self._answer("authorization")
        return f"{ISSUER}/auth?state={state}&nonce={nonce}"

    def check_callback(self, issuer: str | None) -> None:
        if issuer not in (None, ISSUER):
            raise ProviderError("the login was answered by another provider")

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        self._answer("exchange")
        return self._tokens(self.id_token(nonce=code))

    def refresh(self, refresh_token: str) -> Tokens:
        self._answer("refresh")
        if refresh_token not in self._valid_refresh_tokens:
            raise ProviderError("invalid_grant", code="invalid_grant")
        self._valid_refresh_tokens.remove(refresh_token)
        self.refresh_started.set()
        self.gate.wait(300)
        return self._tokens(self.id_token() if self.has_id_token_at_refresh else None)

    def userinfo(self, access_token: str) -> dict[str, Any]:
        self._answer("userinfo")
        return self.userinfo_claims

    def end_session_url(self, id_token: str | None, post_logout: str) -> str | None:
        return f"{ISSUER}/logout?to={post_logout}&hint={'yes' if id_token else 'no'}"

    def start(self) -> None:
        pass

    def request_renewal(self) -> None:
        self.requests.append("keys")

    def renew_and_wait(self, seconds: float = 5.0) -> bool:
        self.request_renewal()
        if self._keys.keys and self._keys.keys[0].id == self.signing.id:
            return False
        self.publish(self.signing)
        return True

    def refresh_keys(self) -> None:
        self._answer("keys")
        self.publish(self.signing)

    def _answer(self, request: str) -> None:
        self.requests.append(request)
        if self.failure:
            raise self.failure

    def _claims(self, **claims: Any) -> dict[str, Any]:
        return login_claims(ISSUER, CLIENT, self.now(), **{**self.claims, **claims})

    def _tokens(self, id_token: str | None) -> Tokens:
        refresh = secrets.token_hex(8) if self.has_refresh_tokens else None
        if refresh:
            self._valid_refresh_tokens.add(refresh)
        return Tokens(secrets.token_hex(8), id_token, refresh, self.life)


def nonce_and_state(url: str) -> tuple[str, str]:
    """Return both from an authorization URL; the double's codes are nonces."""
    query = parse_qs(urlsplit(url).query)
    return query["nonce"][0], query["state"][0]
