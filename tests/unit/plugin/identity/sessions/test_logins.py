"""Logins: bound to the browser that began them, usable once, and clear about what went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.database.state import NoTableError
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.sessions import single_use
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.login import LOGIN_SECONDS, LoginRequest
from astro_runtime_plugin.identity.sessions.refusal import SeenClaim
from astro_runtime_plugin.identity.sessions.service import IdentityService
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ISSUER, ProviderDouble, nonce_and_state
from testing.identity.sessions import (
    CALLBACK,
    AuditTableDouble,
    NoFernet,
    identity_service,
    log_in,
)
from testing.identity.signing import SigningKey


def answer(request: LoginRequest, **changes: Any) -> dict[str, Any]:
    code, state = nonce_and_state(request.url)
    query = {"code": code, "state": state, **changes}
    return {name: value for name, value in query.items() if value is not None}


def cookies(*requests: LoginRequest) -> dict[str, str]:
    return {request.cookie_name: request.cookie for request in requests}


def finish(service: IdentityService, request: LoginRequest, **changes: Any) -> Any:
    return service.finish_login(answer(request, **changes), cookies(request), CALLBACK)


def assert_fails(
    reason: str, service: IdentityService, request: LoginRequest, /, **changes: Any
) -> LoginError:
    with pytest.raises(LoginError) as caught:
        finish(service, request, **changes)
    assert caught.value.code == reason
    return caught.value


def test_logins_of_many_tabs_fit_into_one_request(service: IdentityService) -> None:
    page = "/dags/finance_pay/grid?dag_run_id=scheduled__2026-11-27T00:00:00"
    begun = [service.begin_login(page, CALLBACK) for _ in range(25)]
    header = "; ".join(f"{name}={value}" for name, value in cookies(*begun).items())
    assert len(header) < 8000  # nginx and gunicorn refuse a longer one
    done = service.finish_login(answer(begun[7]), cookies(*begun), CALLBACK)
    assert done.next_path == page


def test_login_leads_back_to_page(service: IdentityService, audit_table: AuditTableDouble) -> None:
    new = log_in(service, "https://airflow.example.com/dags?x=1")
    assert new.next_path == "/dags?x=1"
    assert new.session.user.name == "ann"
    assert new.session.grant.role == "Viewer"
    assert service.check(new.id).session == new.session
    service.parts.audit_log.flush()
    assert audit_table.events() == [("identity_login", "login: Viewer")]


def test_several_tabs_log_in_at_once(service: IdentityService) -> None:
    tabs = [service.begin_login(f"/{number}", CALLBACK) for number in range(3)]
    found = [service.finish_login(answer(tab), cookies(*tabs), CALLBACK).next_path for tab in tabs]
    assert found == ["/0", "/1", "/2"]


def test_other_process_finishes_login(service: IdentityService, other: IdentityService) -> None:
    assert finish(other, service.begin_login("/", CALLBACK)).session.user.name == "ann"


def test_state_works_once_in_all_processes(service: IdentityService, other: IdentityService) -> None:
    request = service.begin_login("/", CALLBACK)
    finish(service, request)
    assert_fails("state", service, request)
    assert_fails("state", other, request)


def test_login_belongs_to_browser(service: IdentityService) -> None:
    mine, theirs = service.begin_login("/", CALLBACK), service.begin_login("/", CALLBACK)
    for jar in ({}, cookies(theirs), {mine.cookie_name: theirs.cookie}, {mine.cookie_name: "ä\x00"}):
        with pytest.raises(LoginError) as caught:
            service.finish_login(answer(mine), jar, CALLBACK)
        assert caught.value.code == "state"
    assert_fails("state", service, mine, state=None)
    assert_fails("state", service, mine, state="ä\ud800")
    with pytest.raises(LoginError):
        service.finish_login(answer(mine), cookies(mine), "https://other.example.com/auth/oidc-callback")


def test_cookie_hides_its_secrets_and_ends(service: IdentityService, clock: MovingClock) -> None:
    request = service.begin_login("/secret-page", CALLBACK)
    code, state = nonce_and_state(request.url)
    assert not any(text in request.cookie for text in (code, state, "secret-page"))
    assert len(request.cookie) < 4000
    clock.advance(LOGIN_SECONDS + 1)
    assert_fails("state", service, request)


def test_longest_page_fits_into_cookie(service: IdentityService) -> None:
    assert len(service.begin_login("/" + "x" * 1999, CALLBACK).cookie) < 4000


def test_other_nonce_is_refused(service: IdentityService) -> None:
    error = assert_fails("token", service, service.begin_login("/", CALLBACK), code="other")
    assert "another login" in str(error)


def test_refusal_of_provider_is_shown_on_one_line(service: IdentityService) -> None:
    request = service.begin_login("/", CALLBACK)
    error = assert_fails(
        "provider", service, request, code=None, error="access_denied", error_description="no\r\n<b>way"
    )
    assert str(error) == "The identity provider answered access_denied: no <b>way"
    assert error.status == 400


def test_answer_of_other_issuer_is_refused(service: IdentityService) -> None:
    assert_fails("provider", service, service.begin_login("/", CALLBACK), iss="https://evil.example.com")
    assert finish(service, service.begin_login("/", CALLBACK), iss=ISSUER)


def test_provider_away_is_said(service: IdentityService, provider: ProviderDouble) -> None:
    request = service.begin_login("/", CALLBACK)
    provider.failure = ProviderError("it does not answer", transient=True)
    assert assert_fails("away", service, request).status == 503
    with pytest.raises(LoginError, match="it does not answer"):
        service.begin_login("/", CALLBACK)


def test_database_away_is_said(service: IdentityService, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise OperationalError("INSERT", {}, Exception("secret"))

    request = service.begin_login("/", CALLBACK)
    monkeypatch.setattr(single_use, "use_first", fail)
    error = assert_fails("database", service, request)
    assert error.status == 503
    assert "secret" not in str(error)


def test_new_keys_are_read_for_login(service: IdentityService, provider: ProviderDouble) -> None:
    provider.signing = SigningKey(key_id="key-2")
    assert log_in(service).session.user.name == "ann"


@pytest.mark.parametrize("failure", [None, ProviderError("away", transient=True)])
def test_login_fetches_keys_that_are_newer_than_the_last_renewal(
    service: IdentityService,
    provider: ProviderDouble,
    monkeypatch: pytest.MonkeyPatch,
    failure: ProviderError | None,
) -> None:
    request = service.begin_login("/", CALLBACK)
    provider.signing = SigningKey(key_id="key-2")
    monkeypatch.setattr(provider, "renew_and_wait", lambda: False)
    refresh_keys = provider.refresh_keys

    def answer_refresh() -> None:
        provider.failure = failure
        refresh_keys()

    monkeypatch.setattr(provider, "refresh_keys", answer_refresh)
    if failure:
        assert "no key" in str(assert_fails("token", service, request))
    else:
        assert finish(service, request).session.user.name == "ann"


def test_expired_token_of_a_login_asks_for_the_clocks(
    service: IdentityService, provider: ProviderDouble
) -> None:
    provider.claims = {**provider.claims, "iat": 0, "exp": 1}
    assert "do the clocks" in str(assert_fails("token", service, service.begin_login("/", CALLBACK)))


def test_refusal_names_user_claims_and_rules(
    service: IdentityService, provider: ProviderDouble, audit_table: AuditTableDouble
) -> None:
    provider.claims.update(groups=["guests", "x\ny"], department="secret")
    with pytest.raises(RefusalError) as caught:
        log_in(service)
    refusal = caught.value.refusal
    assert refusal.user.name == "ann"
    assert refusal.claims[0] == SeenClaim("groups", ("guests", "x y"))
    assert SeenClaim("department") in refusal.claims
    assert "Admin: groups = admins" in refusal.rules
    assert refusal.logout_url
    service.parts.audit_log.flush()
    assert audit_table.events() == [("identity_refusal", "login: no rule matches")]


def test_userinfo_completes_claims_of_same_user(provider: ProviderDouble, service: IdentityService) -> None:
    provider.claims.pop("groups")
    provider.userinfo_claims = {"sub": "ann", "groups": ["admins"]}
    assert log_in(service).session.grant.role == "Admin"
    provider.userinfo_claims["sub"] = "bob"
    with pytest.raises(RefusalError):
        log_in(service)


def test_userinfo_is_asked_only_for_what_the_tokens_lack(
    provider: ProviderDouble, service: IdentityService
) -> None:
    log_in(service)
    assert provider.requests == ["authorization", "exchange"]
    provider.claims.pop("groups")
    with pytest.raises(RefusalError):
        log_in(service)
    assert provider.requests[2:] == ["authorization", "exchange", "userinfo"]


def test_session_without_fernet_key_ends_with_tokens(provider: ProviderDouble, clock: MovingClock) -> None:
    service = identity_service(provider, clock, cipher=NoFernet())
    new = log_in(service)
    assert service.check(new.id).session
    clock.advance(provider.life + 1)
    assert service.check(new.id).session is None


def test_used_states_and_old_sessions_are_deleted(
    service: IdentityService, clock: MovingClock, database: list[tuple[str, Any]]
) -> None:
    log_in(service)
    clock.advance(3 * 24 * 3600)
    service.parts.upkeep.tick()
    deletions = [statement for statement, _ in database if statement.startswith("DELETE")]
    assert len(deletions) == 2
    state = single_use.use_first(single_use.STATE, "x", clock() + 1)
    assert state


def test_value_is_taken_once(clock: MovingClock) -> None:
    single_use.put("kind", "hash", "value", clock() + 10)
    assert single_use.take("kind", "hash", clock()) == "value"
    with pytest.raises(LookupError):
        single_use.take("kind", "hash", clock())
    single_use.put("kind", "old", "value", clock() - 1)
    with pytest.raises(LookupError):
        single_use.take("kind", "old", clock())


def test_missing_right_to_create_tables_is_said_in_the_log(
    service: IdentityService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bool:
        raise NoTableError(
            "the table astro_runtime_login cannot be created; the database's user needs the right"
        )

    monkeypatch.setattr(single_use, "use_first", fail)
    assert_fails("database", service, service.begin_login("/", CALLBACK))
    assert "the database's user needs the right" in caplog.text
