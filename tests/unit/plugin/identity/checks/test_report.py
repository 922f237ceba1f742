"""The findings of `astro-runtime identity check` without a token."""

from __future__ import annotations

import time

import pytest

from astro_runtime_plugin.identity.checks.finding import Finding, exit_code
from astro_runtime_plugin.identity.checks.provider_check import clock_difference, clock_findings
from astro_runtime_plugin.identity.checks.report import all_findings
from astro_runtime_plugin.identity.settings import read_settings
from entrypoint.errors import CONFIG, UNAVAILABLE
from testing.identity.conf import IdentityConf, login_options
from testing.identity.login_provider import CLIENT_SECRET, LoginProvider, answer, html

BASE_URL = {("api", "base_url"): "https://airflow.example.com/team/"}
REDIRECT_URI = "https://airflow.example.com/team/auth/oidc-callback"


def findings(options: dict[str, str], line: str = "3.3") -> dict[str, Finding]:
    conf = IdentityConf(options, BASE_URL)
    settings = read_settings(conf)
    assert settings
    found = all_findings(settings, conf, line)
    assert not any(CLIENT_SECRET in finding.text for finding in found)
    return {finding.subject: finding for finding in found}


def states(options: dict[str, str]) -> dict[str, str]:
    return {subject: finding.state for subject, finding in findings(options).items()}


def test_everything_that_fits_is_named(provider: LoginProvider) -> None:
    provider.login_as = "ann"
    found = findings(login_options(provider.issuer))
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["issuer"].text == f"{provider.issuer} answers with its own name"
    assert found["keys"].text == "1 × ES256"
    assert found["clock"].text.startswith("within 30 s")
    assert found["redirect URI"].text == f"{REDIRECT_URI}; the provider accepts it"
    assert found["client"].text == "the provider accepts it with this secret"
    assert "Admin: groups = airflow-admins" in found["rules"].text
    assert exit_code(found.values()) == 0


def test_provider_that_does_not_say_whether_the_redirect_uri_is_registered_is_no_problem(
    provider: LoginProvider,
) -> None:
    found = findings(login_options(provider.issuer))["redirect URI"]
    assert (found.state, "does not say" in found.text) == ("ok", True)


def test_redirect_uri_that_is_refused_is_wrong(provider: LoginProvider) -> None:
    with provider.disturbed(answer(400, b"<h1>unknown redirect_uri</h1>", "text/html"), "/authorize"):
        found = findings(login_options(provider.issuer))
    assert found["redirect URI"].state == "wrong"
    assert REDIRECT_URI in found["redirect URI"].text
    assert exit_code(found.values()) == CONFIG


def test_redirect_uri_without_https_is_a_warning(provider: LoginProvider) -> None:
    conf = IdentityConf(login_options(provider.issuer), {("api", "base_url"): "http://airflow.example.com"})
    settings = read_settings(conf)
    assert settings
    found = {finding.subject: finding for finding in all_findings(settings, conf, "3.3")}
    assert found["redirect URI"].state == "warning"
    assert exit_code(found.values()) == 0


def test_secret_that_the_provider_refuses_is_wrong(provider: LoginProvider) -> None:
    found = findings(login_options(provider.issuer, oidc_client_secret="another"))["client"]
    assert (found.state, "invalid_client" in found.text) == ("wrong", True)


def test_public_client_needs_no_secret(provider: LoginProvider) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["none"]}
    found = findings(login_options(provider.issuer, oidc_client_secret=""))["client"]
    assert found == Finding("client", "ok", "the provider accepts it without a secret")


@pytest.mark.parametrize(("offset", "direction"), [(-300, "ahead of"), (300, "behind")])
def test_clock_that_differs_by_minutes_is_wrong(
    provider: LoginProvider, offset: float, direction: str
) -> None:
    url = f"{provider.issuer}/.well-known/openid-configuration"
    (found,) = clock_findings(url, lambda: time.time() - offset)
    assert found.state == "wrong"
    assert f" s {direction} the provider" in found.text


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Nov 2026 00:00:00 GMT"])
def test_time_that_cannot_be_read_is_none(date: str) -> None:
    assert clock_difference({"date": date}, 0) is None


def test_provider_that_is_away_is_unavailable_and_asked_no_more(provider: LoginProvider) -> None:
    with provider.disturbed(html):
        found = findings(login_options(provider.issuer))
    assert {subject: finding.state for subject, finding in found.items()} == {
        "issuer": "unavailable",
        "rules": "ok",
    }
    assert exit_code(found.values()) == UNAVAILABLE


def test_what_is_wrong_outweighs_what_is_away(provider: LoginProvider) -> None:
    options = login_options("http://127.0.0.1:1", oidc_roles="{")
    assert states(options) == {"issuer": "unavailable", "rules": "wrong"}
    conf = IdentityConf(options)
    settings = read_settings(conf)
    assert settings
    assert exit_code(all_findings(settings, conf, "2.11")) == CONFIG


def test_login_of_the_operators_own_is_named(provider: LoginProvider) -> None:
    conf = IdentityConf(login_options(provider.issuer), {("core", "auth_manager"): "acme.Manager"})
    settings = read_settings(conf)
    assert settings
    found = all_findings(settings, conf, "3.3")[-1]
    assert (found.subject, found.state) == ("login", "warning")
    assert found.text.startswith("[core] auth_manager = acme.Manager is yours")


def test_proxy_alone_is_checked_by_its_keys(provider: LoginProvider) -> None:
    options = {
        "proxy_jwt_header": "X-Proxy-Token",
        "proxy_jwks_url": f"{provider.issuer}/keys",
        "proxy_jwt_issuer": "https://proxy.example.com",
        "proxy_jwt_audience": "airflow",
        "oidc_roles": '{"claim": "email", "Viewer": ["*"]}',
    }
    assert states(options) == {"proxy keys": "ok", "rules": "ok"}
