"""The check when a component starts: wrong settings end a web server, and only warn elsewhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from astro_runtime_plugin.component import API_SERVER, SCHEDULER, WEBSERVER
from astro_runtime_plugin.identity.checks import start
from entrypoint.errors import CONFIG
from entrypoint.identity import AIRFLOW_MANAGERS
from testing.identity.conf import RULES, IdentityConf, login_options
from testing.identity.login_provider import CLIENT_SECRET, LoginProvider, answer, down, html
from testing.installed_line import LINE

PROXY = {
    "oidc_issuer": "",
    "oidc_client_id": "",
    "oidc_client_secret": "",
    "oidc_audience": "",
    "proxy_jwt_header": "X-Proxy-Token",
    "proxy_jwt_issuer": "https://proxy.example.com",
    "proxy_jwt_audience": "airflow",
}
# By what is wrong: the changed options, and what the message must name.
WRONG = {
    "http": ({"oidc_issuer": "http://login.example.com"}, r"oidc_issuer .*http://login\.example\.com.*https"),
    "no URL": ({"oidc_issuer": "login"}, "oidc_issuer .*'login'.*https://HOST"),
    "no client": ({"oidc_client_id": ""}, "oidc_client_id is not"),
    "no rules": ({"oidc_roles": ""}, "oidc_roles is not"),
    "no issuer": ({"oidc_issuer": ""}, "oidc_client_id is set, but neither .*oidc_issuer"),
    "unknown role": ({"oidc_roles": RULES.replace("Admin", "Boss")}, 'oidc_roles: .*"Boss"'),
    "claim": ({"oidc_roles": RULES.replace('"groups"', '"*"')}, "oidc_roles: .*must not begin with"),
    "pattern": ({"oidc_roles": RULES.replace("finance_*", "finance [a]")}, r"oidc_roles: .*finance \[a\]"),
    "no JSON": ({"oidc_roles": "{"}, "oidc_roles: the document is no JSON"),
    "no file": ({"oidc_roles": "/nowhere/roles.json"}, "oidc_roles: '/nowhere/roles.json' cannot be read"),
    "password": ({"oidc_issuer": f"https://me:{CLIENT_SECRET}@host"}, r"oidc_issuer .*\*\*\*@host"),
    "half a proxy": (PROXY, "proxy_jwt_header is set, but .*proxy_jwks_url is not"),
    "http proxy": ({**PROXY, "proxy_jwks_url": "http://proxy/keys"}, "proxy_jwks_url .*http://proxy/keys"),
    "addresses": ({"proxy_addresses": "10.0.0.0/99"}, "proxy_addresses .*10.0.0.0/99"),
}


def check_web_server(conf: IdentityConf) -> None:
    component = API_SERVER if LINE == "3.3" else WEBSERVER
    start.check(component, ["airflow", component], conf, LINE)


def refusal(conf: IdentityConf, capfd: pytest.CaptureFixture[str]) -> str:
    """Return the one line with which the start ends."""
    with pytest.raises(SystemExit) as end:
        check_web_server(conf)
    output = capfd.readouterr()
    assert (end.value.code, output.out) == (CONFIG, "")
    assert re.fullmatch(r"astro-runtime: [^\n]+\n", output.err)
    assert CLIENT_SECRET not in output.err
    return output.err


@pytest.mark.parametrize("what", WRONG)
def test_wrong_setting_ends_the_web_server_with_one_message(
    what: str, provider: LoginProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    changes, message = WRONG[what]
    line = refusal(IdentityConf({**login_options(provider.issuer), **changes}), capfd)
    assert re.search(rf"\[astro_runtime\] {message}", line)
    assert provider.requests == []


def test_provider_of_another_name_ends_the_web_server(
    provider: LoginProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    provider.stated_issuer = "https://elsewhere.example.com"
    line = refusal(IdentityConf(login_options(provider.issuer)), capfd)
    assert "[astro_runtime] oidc_issuer: " in line
    assert provider.issuer in line
    assert "'https://elsewhere.example.com'" in line


def test_provider_without_such_a_path_ends_the_web_server(
    provider: LoginProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "answered 404" in refusal(IdentityConf(login_options(f"{provider.issuer}/typo")), capfd)


def test_keys_that_cannot_be_used_end_the_web_server(
    provider: LoginProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    with provider.disturbed(answer(200, b'{"keys": []}'), "/keys"):
        line = refusal(IdentityConf(login_options(provider.issuer)), capfd)
    assert "has no key that can verify" in line


def test_wrong_keys_of_the_proxy_end_the_web_server(
    provider: LoginProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    options = {**login_options(""), **PROXY, "proxy_jwks_url": f"{provider.issuer}/nothing"}
    assert "[astro_runtime] proxy_jwks_url: " in refusal(IdentityConf(options), capfd)


@pytest.mark.parametrize("disturbance", [down, html, answer(503)], ids=["down", "html", "503"])
def test_provider_that_is_away_is_a_warning(
    provider: LoginProvider, caplog: pytest.LogCaptureFixture, disturbance: object
) -> None:
    with provider.disturbed(disturbance):  # type: ignore[arg-type]
        check_web_server(IdentityConf(login_options(provider.issuer)))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "nobody can log in for now" in caplog.text


def test_slow_provider_does_not_hold_up_the_start(
    provider: LoginProvider, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "SPARE_SECONDS", 0.5 - start.SECONDS)
    with provider.held():
        check_web_server(IdentityConf(login_options(provider.issuer)))
    assert "nobody can log in for now: the provider cannot be checked" in caplog.text


def test_good_settings_say_nothing(
    provider: LoginProvider,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "roles.json").write_text(RULES)
    options = login_options(provider.issuer, oidc_roles=str(tmp_path / "roles.json"))
    check_web_server(IdentityConf(options))
    assert (caplog.text, capfd.readouterr()) == ("", ("", ""))
    assert provider.requests == [("GET", "/.well-known/openid-configuration"), ("GET", "/keys")]


@pytest.mark.parametrize("options", [{}, login_options("https://login.example.com", oidc_roles="{")])
def test_operators_own_auth_manager_is_left_alone(options: dict[str, str]) -> None:
    check_web_server(IdentityConf(options, {("core", "auth_manager"): "acme.auth.Manager"}))


def test_nothing_set_is_nothing_to_check() -> None:
    check_web_server(IdentityConf({}, {("core", "auth_manager"): AIRFLOW_MANAGERS[LINE][0]}))


def test_auth_manager_that_is_not_in_force_ends_the_web_server(capfd: pytest.CaptureFixture[str]) -> None:
    """The defaults of a process that the entrypoint did not launch may have failed: nobody else may log in then."""
    options = login_options("https://login.example.com")
    stock = {("core", "auth_manager"): AIRFLOW_MANAGERS[LINE][0]}
    assert "auth_manager is airflow." in refusal(IdentityConf(options, stock), capfd)


@pytest.mark.parametrize("what", ["http", "unknown role"])
def test_other_components_only_warn(
    what: str, provider: LoginProvider, caplog: pytest.LogCaptureFixture
) -> None:
    conf = IdentityConf({**login_options(provider.issuer), **WRONG[what][0]})
    start.check(SCHEDULER, ["airflow", SCHEDULER], conf, LINE)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "the web server will not start" in caplog.text
    assert provider.requests == []


def test_other_components_read_neither_file_nor_secret_and_ask_nobody(
    provider: LoginProvider, caplog: pytest.LogCaptureFixture
) -> None:
    options = login_options(provider.issuer, oidc_roles="/nowhere/roles.json")
    conf = IdentityConf(options)
    start.check(SCHEDULER, ["airflow", SCHEDULER], conf, LINE)
    assert (caplog.text, provider.requests) == ("", [])
    assert "oidc_issuer" in conf.names_read
    assert "oidc_client_secret" not in conf.names_read


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("api-server", True),
        ("api-server --apps core", True),
        ("api-server --apps=execution", False),
        ("api-server --apps execution --port 1", False),
        ("api-server --apps execution,core", True),
        ("webserver", True),
        ("scheduler", False),
    ],
)
def test_only_a_web_server_with_pages_serves_logins(words: str, expected: bool) -> None:
    argv = ["airflow", *words.split()]
    assert start.serves_pages(argv[1], argv) is expected
