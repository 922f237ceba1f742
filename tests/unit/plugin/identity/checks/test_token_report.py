"""What `astro-runtime identity check` says about a token."""

from __future__ import annotations

import json

import pytest

from astro_runtime_plugin.identity.checks.rules_check import load_rules
from astro_runtime_plugin.identity.checks.token_keys import fetch_keys
from astro_runtime_plugin.identity.checks.token_report import TokenReport, report_token
from astro_runtime_plugin.identity.settings import read_settings
from astro_runtime_plugin.identity.tokens.errors import TokenError
from testing.identity.conf import IdentityConf, login_options
from testing.identity.login_provider import LoginProvider, down

PROXY = {
    "proxy_jwt_header": "X-Proxy-Token",
    "proxy_jwt_issuer": "https://proxy.example.com",
    "proxy_jwt_audience": "airflow",
}


def report(provider: LoginProvider, token: str, **options: str) -> TokenReport:
    settings = read_settings(IdentityConf(login_options(provider.issuer, **options)))
    assert settings
    return report_token(token, settings, load_rules(settings), fetch_keys(settings))


def test_access_token_has_its_role_user_and_permissions(provider: LoginProvider) -> None:
    found = report(provider, provider.access_token("otto"))
    assert (found.problem, found.user, found.grant.role, found.lets_in) == ("", "otto", "Op", True)
    assert found.grant.matched == ("Op: groups = airflow-ops",)
    assert [text for text in found.permissions if "connections" in text]
    assert not [text for text in found.permissions if "everything" in text]
    assert found.claims["groups"] == ["airflow-ops"]


def test_dag_rules_are_permissions(provider: LoginProvider) -> None:
    found = report(provider, provider.access_token("dora"))
    assert (found.grant.role, found.lets_in) == (None, True)
    assert found.permissions == ["see, run, clear, pause, edit and delete the DAGs finance_*"]


def test_token_without_a_matching_rule_lets_nobody_in(provider: LoginProvider) -> None:
    found = report(provider, provider.access_token("nora"))
    assert (found.problem, found.grant.is_empty, found.lets_in) == ("", True, False)


def test_machine_token_names_the_machine(provider: LoginProvider) -> None:
    found = report(provider, provider.machine_token("loader", groups=["airflow-users"]))
    assert (found.user, found.grant.role, found.lets_in) == ("loader", "User", True)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"aud": "another"}, "audience"),
        ({"iss": "https://elsewhere.example.com"}, "issuer"),
        ({"nbf": 99999999999}, "not-before"),
    ],
)
def test_token_that_is_not_verified_says_why_and_what_it_would_give(
    provider: LoginProvider, claims: dict[str, object], reason: str
) -> None:
    found = report(provider, provider.access_token("ann", **claims))
    assert (found.reason, bool(found.problem), found.lets_in) == (reason, True, False)
    assert found.grant.role == "Admin"


def test_id_token_is_no_access_token(provider: LoginProvider) -> None:
    found = report(provider, provider.id_token("ann", nonce="n"))
    assert (found.reason, "ID token" in found.problem) == ("kind", True)


def test_token_of_another_key_is_not_verified(provider: LoginProvider) -> None:
    token = provider.access_token("ann")
    provider.rotate_keys()
    assert report(provider, token).reason == "key"


def test_provider_that_is_away_leaves_the_token_unverified(provider: LoginProvider) -> None:
    token = provider.access_token("ann")
    with provider.disturbed(down):
        found = report(provider, token)
    assert found.problem.startswith("the keys cannot be fetched: ")
    assert not found.lets_in


def test_token_of_the_proxy_is_verified_with_its_keys(provider: LoginProvider) -> None:
    proxy = {**PROXY, "proxy_jwks_url": f"{provider.issuer}/keys"}
    claims = {"iss": PROXY["proxy_jwt_issuer"], "aud": "airflow", "sub": "uma", **provider.users["uma"]}
    token = provider.sign(claims)
    found = report(provider, token, **proxy)
    assert (found.problem, found.user, found.grant.role) == ("", "uma", "User")


def test_email_that_is_not_verified_does_not_count(provider: LoginProvider) -> None:
    token = provider.access_token("ann", email_verified=False, preferred_username=None)
    found = report(provider, token, oidc_roles='{"claim": "email", "Admin": ["ann@example.com"]}')
    assert (found.user, found.grant.role) == ("id-of-ann", None)


def test_masked_report_has_no_value_of_the_token(provider: LoginProvider) -> None:
    token = provider.access_token("ann", aud="secret-audience", address={"city": "Ulm", "codes": [89073]})
    found = report(provider, token).masked()
    text = json.dumps(found.as_json(), ensure_ascii=False)
    assert [
        value for value in ("ann", "secret-audience", "Ulm", "89073", provider.issuer) if f'"{value}' in text
    ] == []
    assert "secret-audience" not in text
    assert found.claims["address"] == {"city": "…", "codes": ["…"]}
    assert (found.claims["email_verified"], found.problem) == (True, "audience")


@pytest.mark.parametrize("token", ["abc", "a.b.c.d.e", "a.!.c", "e30.W10.x", "x" * 20_000, "a..b"])
def test_what_is_no_token_is_said(provider: LoginProvider, token: str) -> None:
    with pytest.raises(TokenError) as error:
        report(provider, token)
    assert token[:30] not in str(error.value) or len(token) < 6
