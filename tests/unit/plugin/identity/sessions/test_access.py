"""Tokens of requests: verified once, then looked up, until keys, rules or time say otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.sessions import access
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.tokens.verification import TokenError, parse_keys
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import AuditTableDouble, identity_service, identity_settings
from testing.identity.signing import SigningKey, login_claims, sign_with_secret

PROXY_ISSUER, PROXY_AUDIENCE = "https://proxy.example.com", "airflow-behind-proxy"
PROXY_KEY = SigningKey(key_id="proxy-1")


@pytest.fixture
def proxy_service(clock: MovingClock) -> IdentityService:
    """A service that has only a proxy."""
    settings = identity_settings(
        issuer="",
        client_id="",
        proxy_jwt_header="X-Jwt",
        proxy_jwks_url="https://proxy.example.com/keys",
        proxy_jwt_issuer=PROXY_ISSUER,
        proxy_jwt_audience=PROXY_AUDIENCE,
    )
    service = identity_service(None, clock, settings)
    assert service.parts.proxy_keys
    service.parts.proxy_keys._keys = parse_keys({"keys": [PROXY_KEY.jwk]})
    return service


def header(clock: MovingClock, **claims: Any) -> str:
    stated = {"groups": ["users"], "email": "ann@example.com", **claims}
    return PROXY_KEY.sign(login_claims(PROXY_ISSUER, PROXY_AUDIENCE, clock(), **stated))


def refusal_reason(service: IdentityService, token: str) -> str:
    with pytest.raises(TokenError) as caught:
        service.bearer(token)
    return caught.value.reason


def test_access_token_of_person(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    found = service.bearer(provider.bearer_token())
    assert (found.user.name, found.grant.role, found.expires_at) == ("ann", "Viewer", clock() + 300)


def test_access_token_of_machine(service: IdentityService, provider: ProviderDouble) -> None:
    token = provider.bearer_token(
        sub="pipeline", preferred_username=None, client_id="pipeline", aud="airflow-api", groups=["finance"]
    )
    found = service.bearer(token)
    assert found.user.name == "pipeline"
    assert found.grant.allows_dag("finance_x", "edit")


def test_same_token_is_verified_once(
    service: IdentityService, provider: ProviderDouble, monkeypatch: pytest.MonkeyPatch, database: list[Any]
) -> None:
    token = provider.bearer_token()
    found = service.bearer(token)
    monkeypatch.setattr(access.TokenAccess, "_verify", None)
    assert all(service.bearer(token) is found for _ in range(10))
    assert database == []
    assert provider.requests == []


def test_token_ends_in_time(service: IdentityService, provider: ProviderDouble, clock: MovingClock) -> None:
    token = provider.bearer_token()
    service.bearer(token)
    clock.advance(299)
    service.bearer(token)
    clock.advance(32)
    assert refusal_reason(service, token) == "expired"


def test_token_of_withdrawn_key_ends_at_once(service: IdentityService, provider: ProviderDouble) -> None:
    token = provider.bearer_token()
    service.bearer(token)
    provider.publish(SigningKey(key_id="key-2"))
    assert refusal_reason(service, token) == "key"


def test_changed_rules_count_for_known_tokens(
    provider: ProviderDouble, clock: MovingClock, tmp_path: Any
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"claim": "groups", "Viewer": ["viewers"]}')
    service = identity_service(provider, clock, identity_settings(roles=str(rules)))
    token = provider.bearer_token()
    assert service.bearer(token).grant.role == "Viewer"
    rules.write_text('{"claim": "groups", "Admin": ["others"]}')
    service.parts.upkeep._rules.__self__._checked_at = -100.0  # type: ignore[attr-defined]
    with pytest.raises(RefusalError):
        service.bearer(token)


def test_unknown_key_asks_for_renewal_in_the_background(
    service: IdentityService, provider: ProviderDouble
) -> None:
    provider.signing = SigningKey(key_id="key-2")
    token = provider.bearer_token()
    assert refusal_reason(service, token) == "key"
    assert provider.requests == ["keys"]
    provider.publish(provider.signing)
    assert service.bearer(token).user.name == "ann"


def test_exchange_waits_for_new_keys(service: IdentityService, provider: ProviderDouble) -> None:
    provider.signing = SigningKey(key_id="key-2")
    assert service.exchange(provider.bearer_token()).user.name == "ann"


def test_first_request_waits_for_first_keys(service: IdentityService, provider: ProviderDouble) -> None:
    provider.forget_keys()
    assert service.bearer(provider.bearer_token()).user.name == "ann"


@pytest.mark.parametrize("is_first", [True, False])
def test_keys_that_come_during_the_verification_count(
    service: IdentityService, provider: ProviderDouble, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    """Another thread has read them just now, so that nobody reads them again."""
    provider.signing = SigningKey(key_id="key-2")
    if is_first:
        provider.forget_keys()

    def come_late(seconds: float = 5.0) -> bool:
        provider.publish(provider.signing)
        return False

    monkeypatch.setattr(provider, "renew_and_wait", come_late)
    request = service.bearer if is_first else service.exchange
    assert request(provider.bearer_token()).user.name == "ann"


def test_foreign_tokens_are_refused(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    claims = login_claims("https://id.example.com", "airflow", clock(), scope="openid")
    assert refusal_reason(service, provider.id_token(nonce="n")) == "kind"
    assert refusal_reason(service, provider.bearer_token(aud="other")) == "audience"
    assert refusal_reason(service, provider.bearer_token(iss="https://evil.example.com")) == "issuer"
    assert refusal_reason(service, provider.bearer_token(nbf=clock() + 300)) == "not-before"
    assert refusal_reason(service, sign_with_secret(claims, b"x")) == "algorithm"
    assert refusal_reason(service, "x" * 1_000_000) == "too-long"
    for garbage in ("", "a.b.c", "ä", "\ud800"):
        assert refusal_reason(service, garbage) == "malformed"
    assert refusal_reason(service, SigningKey().sign(claims, typ="at+jwt")) == "signature"
    assert len(service.parts.bearer._cache) == 0  # type: ignore[union-attr]


def test_user_without_role_is_refused_with_reasons(
    service: IdentityService, provider: ProviderDouble
) -> None:
    token = provider.bearer_token(groups=["guests"])
    for _ in range(2):
        with pytest.raises(RefusalError) as caught:
            service.bearer(token)
        assert caught.value.refusal.user.name == "ann"


def test_audit_names_a_user_of_many_tokens_once(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, audit_table: AuditTableDouble
) -> None:
    for number in range(5):
        service.bearer(provider.bearer_token(jti=str(number)))
    service.bearer(provider.bearer_token(groups=["admins"]))
    with pytest.raises(RefusalError):
        service.bearer(provider.bearer_token(groups=[]))
    clock.advance(4000)
    service.bearer(provider.bearer_token())
    service.parts.audit_log.flush()
    assert audit_table.events() == [
        ("identity_login", "access token: Viewer"),
        ("identity_login", "access token: Admin"),
        ("identity_refusal", "access token: no rule matches"),
        ("identity_login", "access token: Viewer"),
    ]


def test_memory_of_tokens_is_bounded(
    service: IdentityService, provider: ProviderDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = service.parts.bearer
    assert bearer
    monkeypatch.setattr(bearer._cache, "_size", 10)
    for number in range(30):
        service.bearer(provider.bearer_token(jti=str(number)))
    assert len(bearer._cache) == 10


def test_proxy_header_is_a_signed_token(proxy_service: IdentityService, clock: MovingClock) -> None:
    found = proxy_service.proxy(header(clock, preferred_username=None))
    assert (found.user.name, found.grant.role) == ("ann@example.com", "User")
    bad = [
        header(clock, aud="other"),
        header(clock, iss="https://evil.example.com"),
        header(clock, exp=clock() - 100),
        SigningKey(key_id="proxy-1").sign(login_claims(PROXY_ISSUER, PROXY_AUDIENCE, clock())),
        "ann",
    ]
    for token in bad:
        with pytest.raises(TokenError):
            proxy_service.proxy(token)


def test_proxy_alone_has_no_login_and_no_bearer(
    proxy_service: IdentityService, service: IdentityService, clock: MovingClock
) -> None:
    with pytest.raises(LoginError, match="oidc_issuer"):
        proxy_service.begin_login("/", "https://airflow.example.com/callback")
    with pytest.raises(TokenError):
        proxy_service.bearer(header(clock))
    with pytest.raises(TokenError):
        service.proxy(header(clock))
    with pytest.raises(LoginError):
        proxy_service.end_by_logout_token("x")


def test_token_of_one_kind_is_not_the_other(clock: MovingClock, provider: ProviderDouble) -> None:
    settings = identity_settings(
        proxy_jwt_header="X-Jwt",
        proxy_jwks_url="https://proxy.example.com/keys",
        proxy_jwt_issuer=PROXY_ISSUER,
        proxy_jwt_audience=PROXY_AUDIENCE,
    )
    service = identity_service(provider, clock, settings)
    keys = service.parts.proxy_keys
    assert isinstance(keys, KeyCache)
    keys._keys = parse_keys({"keys": [PROXY_KEY.jwk]})
    service.bearer(provider.bearer_token())
    service.proxy(header(clock))
    with pytest.raises(TokenError):
        service.bearer(header(clock))
    keys.renew_and_wait = lambda seconds=5.0: False  # type: ignore[method-assign]
    keys.request_renewal = lambda: None  # type: ignore[method-assign]
    with pytest.raises(TokenError):
        service.proxy(provider.bearer_token())
