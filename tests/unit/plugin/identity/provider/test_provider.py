from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from astro_runtime_plugin.identity.provider.client import code_challenge
from astro_runtime_plugin.identity.provider.metadata import parse_metadata
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.urls import provider_url_problem
from testing.identity.provider_settings import LoginSettings

ISSUER = "https://login.example.com"


def provider(scopes: str = "", **others: Any) -> Provider:
    """Return a provider whose description is in memory."""
    endpoints = {
        name: f"{ISSUER}/{name}?x=1" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    }
    instance = Provider(LoginSettings(ISSUER, "airflow", "secret", scopes))
    instance._metadata = parse_metadata({"issuer": ISSUER, **endpoints, **others}, ISSUER)
    return instance


def test_challenge_is_that_of_the_standard() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_login_begins_with_all_that_binds_it() -> None:
    url = provider().authorization_url("https://a/b?c=d", "the state", "the nonce", "v" * 43, prompt="login")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "x": "1",
        "response_type": "code",
        "client_id": "airflow",
        "redirect_uri": "https://a/b?c=d",
        "scope": "openid profile email",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": code_challenge("v" * 43),
        "code_challenge_method": "S256",
        "prompt": "login",
    }


@pytest.mark.parametrize(
    ("scopes", "others", "expected"),
    [
        ("", {}, "openid profile email"),
        ("", {"scopes_supported": ["openid", "offline_access"]}, "openid profile email offline_access"),
        (
            "openid profile email",
            {"scopes_supported": ["offline_access"]},
            "openid profile email offline_access",
        ),
        ("openid groups", {"scopes_supported": ["offline_access"]}, "openid groups"),
        (
            "",
            {
                "scopes_supported": ["offline_access"],
                "authorization_endpoint": f"{ISSUER}/realms/one/protocol/openid-connect/auth",
            },
            "openid profile email",
        ),
    ],
)
def test_scopes_ask_for_refresh_tokens_where_it_takes_one(
    scopes: str, others: dict[str, Any], expected: str
) -> None:
    assert provider(scopes, **others).scopes() == expected


@pytest.mark.parametrize(
    ("hint", "target", "names"),
    [
        ("token", "https://airflow/", {"client_id", "id_token_hint", "post_logout_redirect_uri"}),
        (None, "", {"client_id"}),
        ("x" * 3001, "https://airflow/", {"client_id", "post_logout_redirect_uri"}),
    ],
)
def test_logout_says_what_it_knows(hint: str | None, target: str, names: set[str]) -> None:
    url = provider(end_session_endpoint=f"{ISSUER}/end").end_session_url(hint, target)
    assert url
    assert set(parse_qs(urlsplit(url).query)) == names


def test_logout_is_here_alone_where_the_provider_has_none() -> None:
    assert provider().end_session_url("token", "https://airflow/") is None
    assert Provider(LoginSettings(ISSUER)).end_session_url("token", "https://airflow/") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com",
        "https://login.example.com:8443/a/b?c=d",
        "http://127.0.0.1:8080",
        "http://[::1]/x",
        "http://localhost:80",
        "http://keycloak.localhost",
    ],
)
def test_urls_of_providers_are_taken(url: str) -> None:
    assert provider_url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "login.example.com",
        "http://login.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://login.example.com",
        "https://",
        "https://a b",
        "https://user:password@login.example.com",
        "https://login.example.com#x",
        "https://login.example.com\\@evil.example",
        "https://a:99999",
        "https://" + "a" * 3000,
        'https://a/"onload=x',
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    assert provider_url_problem(url).startswith("must ")
