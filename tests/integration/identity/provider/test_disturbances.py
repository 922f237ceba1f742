"""The provider's client while the provider is slow, away, wrong or has new keys."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from astro_runtime_plugin.identity.provider import http, renewal
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.registry import provider_of
from astro_runtime_plugin.identity.tokens.verification import (
    TokenError,
    UnknownKeyError,
    verify_access_token,
    verify_id_token,
)
from testing.certificate import write_certificate
from testing.fake_server import answering, fake_server
from testing.identity.login_provider import (
    API_AUDIENCE,
    CLIENT_ID,
    Disturbance,
    LoginProvider,
    answer,
    down,
    html,
    log_in,
    login_provider,
)
from testing.identity.provider_settings import LoginSettings
from testing.waiting import wait_until

# The SystemExit with which a thread of ours ends.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
CALLBACK, VERIFIER = "http://127.0.0.1:9/callback", "v" * 43
DISCOVERY = "/.well-known/openid-configuration"


def claims_of(client: Provider, token: str) -> dict[str, Any]:
    names: dict[str, Any] = {"issuer": client.issuer, "client_id": CLIENT_ID, "audiences": [API_AUDIENCE]}
    return verify_access_token(token, client.keys, **names)


def login_code(client: Provider, user: str = "ann") -> str:
    url = client.authorization_url(CALLBACK, state="s", nonce="n", verifier=VERIFIER)
    return log_in(url, user)["code"]


def error_of(client: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        client.refresh_keys()
    assert str(failure.value).isprintable()
    return failure.value


def test_login_takes_four_requests(scripted: LoginProvider, client: Provider) -> None:
    client.refresh_keys()
    tokens = client.exchange(login_code(client), CALLBACK, VERIFIER)
    assert tokens.id_token
    names: dict[str, Any] = {"issuer": client.issuer, "client_id": CLIENT_ID}
    who = verify_id_token(tokens.id_token, client.keys, nonce="n", access_token=tokens.access_token, **names)
    assert who["groups"] == ["airflow-admins"]
    paths = [path for _, path in scripted.requests]
    assert paths == [DISCOVERY, "/keys", "/authorize", "/token"]


@pytest.mark.parametrize(
    ("methods", "secret"),
    [
        (None, LoginSettings("").client_secret),
        (["private_key_jwt", "client_secret_post"], LoginSettings("").client_secret),
        (["none"], ""),
    ],
)
def test_client_names_itself_as_the_provider_takes_it(
    scripted: LoginProvider, methods: list[str] | None, secret: str
) -> None:
    scripted.metadata = {"token_endpoint_auth_methods_supported": methods}
    client = Provider(LoginSettings(scripted.issuer, client_secret=secret))
    assert client.exchange(login_code(client), CALLBACK, VERIFIER).refresh_token


def test_userinfo_gives_claims(scripted: LoginProvider, client: Provider) -> None:
    assert client.userinfo(scripted.access_token("otto"))["groups"] == ["airflow-ops"]
    scripted.metadata = {"userinfo_endpoint": None}
    assert Provider(LoginSettings(scripted.issuer)).userinfo("token") == {}


def test_answer_of_another_provider_is_refused(client: Provider) -> None:
    client.check_callback(client.issuer)
    for issuer in ("https://evil.example", "", None):
        with pytest.raises(ProviderError, match="another provider"):
            client.check_callback(issuer)


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize(
    ("disturbance", "message"),
    [
        (html, "text/html that is not the expected JSON"),
        (down, "cannot be reached"),
        (answer(503, b"{}"), "answered 503"),
        (answer(429, b"{}"), "answered 429"),
        (answer(200, b"[]"), "not the expected JSON"),
        (answer(200, b"{" + b'"a":' * 100_000), "256 KiB|not the expected JSON"),
        (answer(200, b" " * 300_000), "more than 256 KiB"),
        (answer(200, b"\x1f\x8b", Content_Encoding="gzip"), "compressed"),
    ],
)
def test_disturbance_passes(
    scripted: LoginProvider, client: Provider, path: str, disturbance: Disturbance, message: str
) -> None:
    with scripted.disturbed(disturbance, path):
        failure = error_of(client)
    assert failure.transient
    with pytest.raises(ProviderError, match=message):
        raise failure
    client.refresh_keys()
    assert client.keys.keys


@pytest.mark.parametrize(
    ("disturbance", "message"),
    [
        (answer(404, b"{}"), "answered 404"),
        (answer(200, b'{"issuer": "https://other.example"}'), "is of issuer 'https://other.example', not of"),
        (answer(200, b'{"issuer": "x\\u001b[31m"}'), "is of issuer"),
        (answer(302, Location="https://other.example/"), "redirects to another host"),
        (answer(302), "redirects to another host"),
        (answer(302, Location="http://[bad"), "redirects to another host"),
    ],
)
def test_wrong_answer_is_a_wrong_setting(
    scripted: LoginProvider, client: Provider, disturbance: Disturbance, message: str
) -> None:
    with scripted.disturbed(disturbance, DISCOVERY):
        failure = error_of(client)
    assert not failure.transient
    with pytest.raises(ProviderError, match=message):
        raise failure


@pytest.mark.parametrize(
    "change",
    [
        {"token_endpoint": None},
        {"jwks_uri": "http://login.example.com/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "https://user:password@example.com"},
        {"scopes_supported": "openid"},
    ],
    ids=str,
)
def test_unusable_description_is_refused(
    scripted: LoginProvider, client: Provider, change: dict[str, Any]
) -> None:
    scripted.metadata = change
    failure = error_of(client)
    assert "is not usable" in str(failure)
    assert not failure.transient
    assert "user:password" not in str(failure)


def test_redirect_within_the_host_is_followed(scripted: LoginProvider, client: Provider) -> None:
    def redirect(handler: Any) -> bool:
        handler.respond(307, Location="/moved?to=keys") if "moved" not in handler.path else handler._route(
            "/keys"
        )
        return True

    with scripted.disturbed(redirect, "/keys"), scripted.disturbed(redirect, "/moved"):
        client.refresh_keys()
    assert client.keys.keys
    loop = answer(302, Location="/keys")
    with scripted.disturbed(loop, "/keys"):
        assert "answered 302" in str(error_of(client))


def test_post_is_not_redirected(scripted: LoginProvider, client: Provider) -> None:
    with scripted.disturbed(answer(307, Location="/elsewhere"), "/token"), pytest.raises(ProviderError):
        client.refresh("token")
    assert scripted.count("/elsewhere") == 0


@pytest.mark.parametrize(
    "disturbance", [html, down, answer(500, b"{}"), answer(403, b'{"message": "limit"}')]
)
def test_refresh_while_the_provider_is_away_does_not_end_the_session(
    scripted: LoginProvider, client: Provider, disturbance: Disturbance
) -> None:
    token = client.exchange(login_code(client), CALLBACK, VERIFIER).refresh_token
    assert token
    with scripted.disturbed(disturbance, "/token"), pytest.raises(ProviderError) as failure:
        client.refresh(token)
    assert failure.value.transient
    assert not failure.value.ends_session
    assert client.refresh(token).access_token


def test_refresh_of_who_was_cut_off_ends_the_session(scripted: LoginProvider, client: Provider) -> None:
    token = client.exchange(login_code(client), CALLBACK, VERIFIER).refresh_token
    assert token
    scripted.remove_user("ann")
    with pytest.raises(ProviderError, match="invalid_grant") as failure:
        client.refresh(token)
    assert failure.value.ends_session


def test_slow_answer_is_given_up(
    scripted: LoginProvider, client: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_clients", {os.getpid(): http._new_client()})
    http._clients[os.getpid()].timeout = 0.2
    with scripted.held(DISCOVERY):
        failure = error_of(client)
    assert failure.transient
    assert "does not answer in time" in str(failure)


def test_dripping_answer_is_given_up(client: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_SECONDS", 0.0)
    assert "does not answer in time" in str(error_of(client))


def test_login_while_the_provider_is_away_says_so_at_once(scripted: LoginProvider) -> None:
    client = Provider(LoginSettings(scripted.issuer), clock=lambda: 0.0)
    with scripted.disturbed(down):
        for _ in range(3):
            with pytest.raises(ProviderError, match="cannot be reached"):
                login_code(client)
    assert scripted.count(DISCOVERY) == 1


def test_keys_stay_while_the_provider_is_away(scripted: LoginProvider, client: Provider) -> None:
    client.refresh_keys()
    token = scripted.access_token("ann")
    with scripted.disturbed(down):
        error_of(client)
        assert claims_of(client, token)["groups"] == ["airflow-admins"]
        assert client.end_session_url("hint", "http://127.0.0.1/")
        assert client.error


def test_new_keys_are_found_in_the_background(
    scripted: LoginProvider, client: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "SHORTEST", 0.05)
    client.start()
    wait_until(lambda: client.keys.keys, pause=0.01)
    old = scripted.access_token("ann")
    scripted.rotate_keys()
    new = scripted.access_token("ann")
    with pytest.raises(UnknownKeyError):
        claims_of(client, new)
    client.request_renewal()
    wait_until(lambda: client.keys.keys[0].id == scripted.keys[0].id, pause=0.01)
    assert claims_of(client, new)
    with pytest.raises(UnknownKeyError):
        claims_of(client, old)


@pytest.fixture
def _one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no second renewal be due, however long the test takes."""
    monkeypatch.setattr(renewal, "SHORTEST", 3600.0)


@pytest.mark.usefixtures("_one_run")
def test_unknown_keys_cost_one_request(scripted: LoginProvider, client: Provider) -> None:
    assert client.renew_and_wait(300)
    scripted.rotate_keys()
    assert not any(client.renew_and_wait(300) for _ in range(100))
    assert scripted.count("/keys") == 1


@pytest.mark.usefixtures("_one_run")
def test_first_requests_wait_together(scripted: LoginProvider, client: Provider) -> None:
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(client.renew_and_wait(300))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(results)
    assert client.keys.keys
    assert scripted.count("/keys") == 1


def test_keys_of_a_proxy_need_no_discovery(scripted: LoginProvider) -> None:
    cache = KeyCache(f"{scripted.issuer}/keys")
    assert not list(cache.keys.keys)
    cache.refresh_keys()
    assert cache.keys.keys[0].id == "key-1"
    with (
        scripted.disturbed(answer(200, b'{"keys": []}')),
        pytest.raises(ProviderError, match="is not usable"),
    ):
        cache.refresh_keys()
    assert cache.keys.keys[0].id == "key-1"


@pytest.mark.usefixtures("_one_run")
def test_thread_runs_again_after_a_fork(scripted: LoginProvider, client: Provider) -> None:
    assert client.renew_and_wait(300)
    child = os.fork()
    if child == 0:  # the parent's thread is not here
        os._exit(0 if client.keys.keys and client.renew_and_wait(300) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert scripted.count("/keys") == 2


def test_outage_is_logged_once(
    scripted: LoginProvider,
    client: Provider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(renewal, "SHORTEST", 0.01)
    caplog.set_level(logging.INFO, "astro_runtime")
    with scripted.disturbed(html):
        client.start()
        wait_until(lambda: scripted.count(DISCOVERY) > 5, pause=0.01)
    wait_until(lambda: client.keys.keys, pause=0.01)
    wait_until(lambda: "is back" in caplog.text, pause=0.01)
    levels = [record.levelname for record in caplog.records if "identity provider" in record.getMessage()]
    assert levels == ["WARNING", "INFO"]


def test_requests_stay_out_of_the_log(
    scripted: LoginProvider,
    client: Provider,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = logging.getLogger("httpx")  # whatever Airflow has made of it before
    for name, value in {"handlers": [caplog.handler], "propagate": False, "disabled": False}.items():
        monkeypatch.setattr(log, name, value)
    caplog.set_level(logging.INFO, "httpx")
    client.refresh_keys()
    assert "HTTP Request" not in caplog.text
    httpx.get(f"{scripted.issuer}/keys", timeout=300)
    assert "HTTP Request" in caplog.text


def test_clock_of_the_provider_is_told(scripted: LoginProvider, client: Provider) -> None:
    client.refresh_keys()
    scripted.clock_offset = 300
    with pytest.raises(TokenError, match="do the clocks") as refusal:
        claims_of(client, scripted.access_token("ann"))
    assert refusal.value.reason == "not-before"
    scripted.clock_offset = -900
    with pytest.raises(TokenError, match="expired"):
        claims_of(client, scripted.access_token("ann"))


def test_requests_go_through_the_proxy_of_the_environment(
    scripted: LoginProvider, client: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_server(answering(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setattr(http, "_clients", {})
        assert "answered 502" in str(error_of(client))
        monkeypatch.setenv("no_proxy", "127.0.0.0/8")
        monkeypatch.setattr(http, "_clients", {})
        client.refresh_keys()
    assert client.keys.keys


def test_own_certificates_are_trusted_by_name(
    scripted: LoginProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path / "ca.pem")
    scripted.encrypt(certificate)
    client = Provider(LoginSettings(scripted.issuer))
    monkeypatch.setattr(http, "_clients", {})
    failure = error_of(client)
    assert "certificate" in str(failure)
    assert failure.transient
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(http, "_clients", {})
    client.refresh_keys()
    assert client.keys.keys
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setattr(http, "_clients", {})
    assert "SSL_CERT_FILE" in str(error_of(client))


def test_provider_is_the_same_for_the_same_settings() -> None:
    with login_provider() as server:
        settings = LoginSettings(server.issuer)
        assert provider_of(settings) is provider_of(LoginSettings(server.issuer))
        assert provider_of(LoginSettings(server.issuer, client_secret="new")) is not provider_of(settings)
