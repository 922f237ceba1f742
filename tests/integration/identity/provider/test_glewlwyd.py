"""The provider's client against Glewlwyd: a login, a refresh without ID token, and the claims of the moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.tokens.verification import verify_id_token
from testing.identity.glewlwyd import GROUPS, Glewlwyd, glewlwyd
from testing.identity.login_provider import CLIENT_ID
from testing.identity.provider_settings import LoginSettings

CALLBACK, VERIFIER = "http://127.0.0.1:9/auth/oidc-callback", "v" * 43


@pytest.fixture(scope="module")
def server() -> Iterator[Glewlwyd]:
    with glewlwyd(CALLBACK) as running:
        yield running


@pytest.fixture(scope="module")
def provider(server: Glewlwyd) -> Provider:
    provider = Provider(LoginSettings(server.issuer))
    provider.refresh_keys()
    return provider


@pytest.fixture
def tokens(server: Glewlwyd, provider: Provider) -> Tokens:
    query = server.log_in(provider.authorization_url(CALLBACK, "s", "n", VERIFIER), CALLBACK)
    assert query["state"] == "s"
    provider.check_callback(query["iss"])
    return provider.exchange(query["code"], CALLBACK, VERIFIER)


def test_login_gives_the_groups(provider: Provider, tokens: Tokens) -> None:
    assert tokens.id_token
    claims = verify_id_token(
        tokens.id_token,
        provider.keys,
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        nonce="n",
        access_token=tokens.access_token,
    )
    assert (claims["groups"], claims["email"]) == (GROUPS, "ann@example.com")


def test_refresh_without_id_token_gives_the_claims_by_userinfo(provider: Provider, tokens: Tokens) -> None:
    assert tokens.refresh_token
    new = provider.refresh(tokens.refresh_token)
    assert new.id_token is None
    assert provider.userinfo(new.access_token)["groups"] == GROUPS
    with pytest.raises(ProviderError, match="answered 400") as refusal:
        provider.refresh(tokens.refresh_token)
    assert refusal.value.ends_session
