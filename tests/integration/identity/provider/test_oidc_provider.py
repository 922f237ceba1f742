"""The provider's client against oidc-provider, which others wrote: login, refresh, logout, machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.tokens.verification import (
    TokenError,
    verify_access_token,
    verify_id_token,
    verify_logout_token,
)
from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID
from testing.identity.logout_receiver import logout_receiver
from testing.identity.oidc_provider import LoginBrowser, OidcProvider, log_in, oidc_provider, web_client
from testing.identity.provider_settings import LoginSettings
from testing.waiting import wait_until

CALLBACK, AFTER_LOGOUT = "http://127.0.0.1:9/auth/oidc-callback", "http://127.0.0.1:9/"
VERIFIER = "v" * 43


@pytest.fixture(scope="module")
def logouts() -> Iterator[tuple[str, list[str]]]:
    """An address for back-channel logouts, and the logout tokens that came there."""
    with logout_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def server(logouts: tuple[str, list[str]]) -> Iterator[OidcProvider]:
    others = {"post_logout_redirect_uris": [AFTER_LOGOUT], "backchannel_logout_uri": logouts[0]}
    with oidc_provider(
        web_client([CALLBACK], **others, backchannel_logout_session_required=True)
    ) as provider:
        yield provider


@pytest.fixture(scope="module")
def provider(server: OidcProvider) -> Provider:
    provider = Provider(LoginSettings(server.issuer))
    provider.refresh_keys()
    return provider


def login(provider: Provider, user: str = "ann", browser: LoginBrowser | None = None) -> Tokens:
    url = provider.authorization_url(CALLBACK, state="s", nonce="n", verifier=VERIFIER)
    query = browser.log_in(url, user, CALLBACK) if browser else log_in(url, user, CALLBACK)
    assert query["state"] == "s"
    provider.check_callback(query.get("iss"))
    return provider.exchange(query["code"], CALLBACK, VERIFIER)


def test_login_gives_id_token_and_access_token(provider: Provider) -> None:
    tokens = login(provider)
    names: dict[str, Any] = {"issuer": provider.issuer, "client_id": CLIENT_ID}
    assert tokens.id_token
    assert tokens.expires_in == 300
    who = verify_id_token(
        tokens.id_token, provider.keys, nonce="n", access_token=tokens.access_token, **names
    )
    assert (who["sub"], who["groups"], who["email_verified"]) == ("ann", ["airflow-admins"], True)
    api = verify_access_token(tokens.access_token, provider.keys, audiences=[API_AUDIENCE], **names)
    assert (api["sub"], api["groups"]) == ("ann", ["airflow-admins"])
    with pytest.raises(TokenError):
        verify_access_token(tokens.id_token, provider.keys, audiences=[API_AUDIENCE], **names)
    with pytest.raises(TokenError):
        verify_id_token(tokens.access_token, provider.keys, **names)


def test_refresh_gives_the_claims_of_the_moment(server: OidcProvider, provider: Provider) -> None:
    first = login(provider, "otto")
    assert first.refresh_token
    server.users["otto"]["groups"] = ["retired"]
    server.update_users()
    second = provider.refresh(first.refresh_token)
    assert second.id_token
    assert second.refresh_token
    claims = verify_id_token(second.id_token, provider.keys, issuer=provider.issuer, client_id=CLIENT_ID)
    assert claims["groups"] == ["retired"]
    del server.users["otto"]
    server.update_users()
    with pytest.raises(ProviderError) as refusal:
        provider.refresh(second.refresh_token)
    assert refusal.value.ends_session


def test_second_use_of_a_refresh_token_ends_the_session(provider: Provider) -> None:
    first = login(provider).refresh_token
    assert first
    second = provider.refresh(first).refresh_token
    assert second
    for token in (first, second):
        with pytest.raises(ProviderError, match="invalid_grant") as refusal:
            provider.refresh(token)
        assert refusal.value.ends_session


def test_revoked_refresh_token_no_longer_counts(provider: Provider) -> None:
    token = login(provider, "uma").refresh_token
    assert token
    provider.revoke(token)
    with pytest.raises(ProviderError, match="invalid_grant"):
        provider.refresh(token)


def test_wrong_verifier_is_refused(provider: Provider) -> None:
    url = provider.authorization_url(CALLBACK, state="s", nonce="n", verifier=VERIFIER)
    code = log_in(url, "ann", CALLBACK)["code"]
    with pytest.raises(ProviderError) as refusal:
        provider.exchange(code, CALLBACK, "w" * 43)
    assert (refusal.value.code, refusal.value.transient) == ("invalid_grant", False)


def test_wrong_secret_does_not_end_sessions(server: OidcProvider) -> None:
    provider = Provider(LoginSettings(server.issuer, client_secret="wrong"))
    with pytest.raises(ProviderError) as refusal:
        provider.exchange("code", CALLBACK, VERIFIER)
    assert refusal.value.code == "invalid_client"
    assert not refusal.value.transient
    assert not refusal.value.ends_session


def test_token_of_a_machine_is_an_access_token(server: OidcProvider, provider: Provider) -> None:
    names: dict[str, Any] = {"issuer": provider.issuer, "client_id": CLIENT_ID}
    claims = verify_access_token(server.machine_token(), provider.keys, audiences=[API_AUDIENCE], **names)
    assert claims["client_id"] == "machine"
    assert claims["groups"] == ["machines"]


def test_logout_ends_at_the_page_that_was_asked_for(
    provider: Provider, logouts: tuple[str, list[str]]
) -> None:
    names: dict[str, Any] = {"issuer": provider.issuer, "client_id": CLIENT_ID}
    with LoginBrowser(timeout=300) as browser:
        tokens = login(provider, "vera", browser)
        url = provider.end_session_url(tokens.id_token, AFTER_LOGOUT)
        assert url
        assert browser.log_out(url, AFTER_LOGOUT) == AFTER_LOGOUT
    wait_until(lambda: logouts[1])
    ended = verify_logout_token(logouts[1][-1], provider.keys, **names)
    assert tokens.id_token
    assert tokens.refresh_token
    assert ended["sid"] == verify_id_token(tokens.id_token, provider.keys, **names)["sid"]
    with pytest.raises(ProviderError, match="invalid_grant"):
        provider.refresh(tokens.refresh_token)
