"""The claims of a login or a renewal: from the ID token, the access token and, where these lack some, userinfo."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions.data import TokenClaims
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.claims import check_issuer, check_times
from astro_runtime_plugin.identity.tokens.signature import read_signed
from astro_runtime_plugin.identity.tokens.verification import (
    KeySet,
    TokenError,
    UnknownKeyError,
    verify_id_token,
)

log = logging.getLogger("astro_runtime")
CLIENT_CLAIMS = (
    "azp",
    "client_id",
    "cid",
    "appid",
)  # where an access token names the client that it was issued to
SILENCE = (
    "the provider renews sessions without an ID token and without userinfo about the user, so that nobody can tell"
    " whether roles were taken away: such a session ends with the tokens of its login"
)
T = TypeVar("T")


class ClaimReader:
    """Verifies what the token endpoint has answered."""

    def __init__(self, provider: Provider, settings: IdentitySettings, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._settings = settings
        self._clock = clock
        self._has_warned = False

    def read_login(self, tokens: Tokens, nonce: str, rules: RoleRules) -> TokenClaims:
        """Return the claims of a login. Raises TokenError."""
        if tokens.id_token is None:
            raise TokenError(
                "malformed", "the provider answered without an ID token; is the scope openid set?"
            )
        id_claims = self._read_id_token(tokens, tokens.id_token, nonce)
        try:
            return self._complete(tokens, id_claims, id_claims["sub"], rules)
        except ProviderError as error:  # the ID token alone may do
            log.warning("the provider's userinfo is not available: %s", error)
            return TokenClaims(id_claims, self._read_access_token(tokens, id_claims["sub"]))

    def read_renewal(self, tokens: Tokens, previous: TokenClaims, rules: RoleRules) -> TokenClaims | None:
        """Return the claims after a renewal, which may come without an ID token; None if it says nothing of the user.

        Raises TokenError, also where the user is another one now, and ProviderError if userinfo is not available.
        """
        subject = previous.id.get("sub")
        id_claims = self._read_id_token(tokens, tokens.id_token) if tokens.id_token else {}
        if id_claims.get("sub", subject) != subject:
            raise TokenError("kind", "the provider renewed the session with another user's token")
        claims = self._complete(tokens, id_claims, subject, rules)
        if not id_claims and not claims.access and not claims.userinfo:
            self._warn_of_silence()
            return None
        return TokenClaims(id_claims or {"sub": subject}, claims.access, claims.userinfo)

    def _warn_of_silence(self) -> None:
        if not self._has_warned:
            log.warning(SILENCE)
        self._has_warned = True

    def _complete(
        self, tokens: Tokens, id_claims: Mapping[str, Any], subject: Any, rules: RoleRules
    ) -> TokenClaims:
        claims = TokenClaims(id_claims, self._read_access_token(tokens, subject))
        merged = claims.merge()
        if id_claims and all(path.is_present(merged) for path in rules.paths) and self._has_name(merged):
            return claims
        userinfo = self._provider.userinfo(tokens.access_token)
        # Else the answer is about another user (OpenID Connect Core 5.3.2).
        is_same = userinfo.get("sub") == subject
        return TokenClaims(claims.id, claims.access, userinfo if is_same else {})

    def _has_name(self, claims: Mapping[str, Any]) -> bool:
        return bool(claims.get(self._settings.user_claim or "preferred_username"))

    def _read_id_token(self, tokens: Tokens, id_token: str, nonce: str | None = None) -> dict[str, Any]:
        def verify(keys: KeySet) -> dict[str, Any]:
            return verify_id_token(
                id_token,
                keys,
                issuer=self._settings.issuer,
                client_id=self._settings.client_id,
                nonce=nonce,
                access_token=tokens.access_token,
                now=self._clock(),
            )

        try:
            return self.with_new_keys(verify)
        except UnknownKeyError as error:
            # The key is newer than the keys of a moment ago. Nobody can cause this: the provider gave the token itself.
            self._refresh_keys(error)
            return verify(self._provider.keys)

    def _refresh_keys(self, error: UnknownKeyError) -> None:
        """Fetch the keys now. Raises `error` if the provider does not give them."""
        try:
            self._provider.refresh_keys()
        except ProviderError:
            raise error from None

    def _read_access_token(self, tokens: Tokens, subject: Any) -> dict[str, Any]:
        """Return the claims of an access token that is a JWT of this user and for this client; else none.

        It came from the token endpoint itself, so its audience does not matter: Keycloak's, with the roles, has none.
        """
        try:
            claims = read_signed(tokens.access_token, self._provider.keys).claims
            check_issuer(claims, self._settings.issuer)
            check_times(claims, self._clock(), ("exp",))
        except TokenError:
            return {}
        clients = [claims[name] for name in CLIENT_CLAIMS if name in claims]
        is_ours = self._settings.client_id in clients and claims.get("sub") == subject
        return claims if is_ours else {}

    def with_new_keys(self, verification: Callable[[KeySet], T]) -> T:
        """Call `verification` with the provider's keys; once more with newer ones for an unknown key.

        Waits at most 5 s. Raises TokenError.
        """
        keys = self._provider.keys
        try:
            return verification(keys)
        except UnknownKeyError:
            self._provider.renew_and_wait()
            if self._provider.keys is keys:
                raise
            return verification(self._provider.keys)  # also if they came before the wait, which then was none
