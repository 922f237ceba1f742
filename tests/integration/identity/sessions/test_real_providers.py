"""The service with providers that others wrote: login, renewal with other roles, tokens, logout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine

from astro_runtime_plugin.database import transaction
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.provider.tokens import Tokens
from astro_runtime_plugin.identity.sessions import tables
from astro_runtime_plugin.identity.sessions.errors import RefusalError
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason, NewSession
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.verification import TokenError
from testing.identity.conf import RULES
from testing.identity.glewlwyd import glewlwyd
from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID, CLIENT_SECRET
from testing.identity.logout_receiver import logout_receiver
from testing.identity.moving_clock import MovingClock
from testing.identity.oidc_provider import MACHINE_ID, LoginBrowser, OidcProvider, oidc_provider, web_client
from testing.identity.patience import be_patient
from testing.identity.sessions import CALLBACK, identity_service, tick
from testing.waiting import wait_until

AFTER_LOGOUT = "https://airflow.example.com/auth/ended"
LogIn = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch.setattr)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    monkeypatch.setattr("airflow.settings.engine", engine)
    transaction._engine_without_pool.cache_clear()
    for table in (tables.SESSION_TABLE, tables.ONCE_TABLE):
        monkeypatch.setattr(table, "_is_there", False)
    yield
    engine.dispose()
    transaction._engine_without_pool.cache_clear()


@pytest.fixture
def clock() -> MovingClock:
    """A clock that stands still, a minute ahead: what a provider issues in a slow test is not of its future."""
    return MovingClock(time.time() + 60)


@pytest.fixture(scope="module")
def logout_tokens() -> Iterator[tuple[str, list[str]]]:
    """An address for logouts by the provider, and the tokens that came there."""
    with logout_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def server(logout_tokens: tuple[str, list[str]]) -> Iterator[OidcProvider]:
    client = web_client(
        [CALLBACK],
        post_logout_redirect_uris=[AFTER_LOGOUT],
        backchannel_logout_uri=logout_tokens[0],
        backchannel_logout_session_required=True,
    )
    with oidc_provider(client) as running:
        yield running


@pytest.fixture
def service(server: OidcProvider, clock: MovingClock) -> IdentityService:
    return new_service(server.issuer, clock)


def new_service(issuer: str, clock: MovingClock) -> IdentityService:
    settings = IdentitySettings(
        issuer=issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        roles=RULES,
        audiences=(API_AUDIENCE,),
    )
    provider = Provider(settings)
    provider.refresh_keys()
    return identity_service(provider, clock, settings)


def log_in(service: IdentityService, send_browser: LogIn) -> NewSession:
    request = service.begin_login("/dags/finance_pay", CALLBACK)
    cookies = {request.cookie_name: request.cookie}
    return service.finish_login(send_browser(request.url), cookies, CALLBACK)


def browse(browser: LoginBrowser, user: str) -> LogIn:
    return lambda url: browser.log_in(url, user, CALLBACK)


def role(service: IdentityService, session_id: str) -> str | None:
    session = service.check(session_id).session
    return session.grant.role if session else None


def test_session_follows_its_user(
    service: IdentityService,
    server: OidcProvider,
    clock: MovingClock,
    logout_tokens: tuple[str, list[str]],
) -> None:
    with LoginBrowser(timeout=300) as browser:
        new = log_in(service, browse(browser, "vera"))
        assert (new.session.user.name, new.session.user.email) == ("vera", "vera@example.com")
        assert (new.next_path, new.session.grant.role) == ("/dags/finance_pay", "Viewer")
        for groups, expected in ((["airflow-ops"], "Op"), (["finance", "airflow-users"], "User")):
            server.users["vera"]["groups"] = groups
            server.update_users()
            clock.advance(31)
            tick(service)
            assert role(service, new.id) == expected
        other = new_service(server.issuer, clock)
        assert role(other, new.id) == "User"
        logout_url = service.end(new.id, EndReason.LOGOUT, AFTER_LOGOUT)
        assert logout_url
        assert browser.log_out(logout_url, AFTER_LOGOUT) == AFTER_LOGOUT
        assert service.check(new.id).end_reason is EndReason.LOGOUT
    token = wait_until(lambda: logout_tokens[1] and logout_tokens[1].pop())
    service.end_by_logout_token(token)
    with pytest.raises(TokenError):
        other.end_by_logout_token(token)


def test_logout_at_the_provider_ends_sessions_here(
    service: IdentityService, server: OidcProvider, logout_tokens: tuple[str, list[str]]
) -> None:
    with LoginBrowser(timeout=300) as browser:
        mine = log_in(service, browse(browser, "otto"))
        with LoginBrowser(timeout=300) as elsewhere:
            other = log_in(service, browse(elsewhere, "otto"))
        url = service.parts.provider.provider.end_session_url(None, AFTER_LOGOUT)  # type: ignore[union-attr]
        browser.log_out(str(url), AFTER_LOGOUT)
    service.end_by_logout_token(wait_until(lambda: logout_tokens[1] and logout_tokens[1].pop()))
    assert service.check(mine.id).end_reason is EndReason.PROVIDER
    assert role(service, other.id) == "Op"


def test_user_who_is_cut_off_is_out(
    service: IdentityService, server: OidcProvider, clock: MovingClock
) -> None:
    with LoginBrowser(timeout=300) as browser:
        new = log_in(service, browse(browser, "uma"))
    del server.users["uma"]
    server.update_users()
    clock.advance(31)
    tick(service)
    assert service.check(new.id).end_reason is EndReason.PROVIDER


def test_bearer_tokens_of_people_and_machines(
    service: IdentityService, server: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued: list[Tokens] = []
    provider = service.parts.provider.provider  # type: ignore[union-attr]
    exchange = provider.exchange

    def keep(code: str, redirect_uri: str, verifier: str) -> Tokens:
        issued.append(exchange(code, redirect_uri, verifier))
        return issued[-1]

    monkeypatch.setattr(provider, "exchange", keep)
    with LoginBrowser(timeout=300) as browser:
        log_in(service, browse(browser, "ann"))
    with pytest.raises(TokenError):
        service.bearer(str(issued[0].id_token))
    with pytest.raises(RefusalError) as caught:
        service.bearer(server.machine_token())
    assert caught.value.refusal.user.name == MACHINE_ID


def test_glewlwyd_renews_without_id_tokens(clock: MovingClock) -> None:
    with glewlwyd(CALLBACK) as other:
        service = new_service(other.issuer, clock)
        new = log_in(service, lambda url: other.log_in(url, CALLBACK))
        assert role(service, new.id) == "Admin"
        for _ in range(3):
            clock.advance(31)
            tick(service)
            session = service.check(new.id).session
            assert session
            assert session.renewed_at == clock()
            assert session.grant.role == "Admin"
        url = service.begin_login("/", CALLBACK).url
        assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
