"""The break-glass login: off unless set, good once, for a quarter of an hour, and loud."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import text

from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.identity.sessions import admin_tokens, airflow_parts, audit
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.event_limit import MAX_EVENTS, SECONDS
from astro_runtime_plugin.identity.sessions.service import ADMIN_SECONDS, IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.settings import IdentitySettings
from entrypoint.errors import StartError
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import AuditTableDouble, identity_service, identity_settings, tick


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, audit_table: AuditTableDouble) -> IdentitySettings:
    found = identity_settings(admin_tokens=True)
    monkeypatch.setattr(admin_tokens, "read_settings", lambda _: found)
    monkeypatch.setattr(airflow_parts, "AirflowAuditTable", lambda: audit_table)
    return found


@pytest.fixture
def service(
    provider: ProviderDouble, settings: IdentitySettings, audit_table: AuditTableDouble
) -> IdentityService:
    return identity_service(provider, MovingClock(time.time()), settings, audit_table=audit_table)


def assert_refused(service: IdentityService, token: str) -> None:
    with pytest.raises(LoginError) as caught:
        service.admin_login(token)
    assert caught.value.code == "admin-token"


def clock_of(service: IdentityService) -> MovingClock:
    clock = service.parts.clock
    assert isinstance(clock, MovingClock)
    return clock


def test_token_is_one_login(
    service: IdentityService,
    audit_table: AuditTableDouble,
    caplog: pytest.LogCaptureFixture,
    database: list[tuple[str, Any]],
) -> None:
    token = admin_tokens.create_admin_token("operator")
    new = service.admin_login(f" {token}\n")
    assert (new.session.user.name, new.session.grant.role) == ("operator", "Admin")
    assert new.session.is_admin_token
    assert_refused(service, token)
    warnings = [record.getMessage() for record in caplog.records]
    assert "an admin token was made" in warnings[0]
    assert warnings[1] == "operator has logged in as Admin with an admin token"
    service.parts.audit_log.flush()
    assert [event for event, _ in audit_table.events()] == [
        "identity_admin_token",
        "identity_login",
        "identity_refusal",
    ]
    assert token not in str(database) + str(audit_table.events()) + caplog.text


def test_session_lasts_an_hour_whatever_the_provider_says(
    service: IdentityService, provider: ProviderDouble
) -> None:
    new = service.admin_login(admin_tokens.create_admin_token())
    clock_of(service).advance(ADMIN_SECONDS - 10)
    tick(service)
    assert service.check(new.id).session
    clock_of(service).advance(11)
    assert service.check(new.id).end_reason is EndReason.EXPIRED
    assert provider.requests == []
    assert service.end(new.id) is None


def test_token_expires(service: IdentityService) -> None:
    token = admin_tokens.create_admin_token()
    # Tokens are made by the real clock, which may have gone on while the service's stood still.
    clock_of(service).now = time.time() + 60 * admin_tokens.TOKEN_MINUTES + 2
    assert_refused(service, token)


@pytest.mark.parametrize("token", ["", "astro-admin-x", "x" * 100_000, "\ud800"])
def test_wrong_token_is_refused(service: IdentityService, token: str) -> None:
    assert_refused(service, token)


def test_wrong_tokens_leave_few_lines(
    service: IdentityService, audit_table: AuditTableDouble, caplog: pytest.LogCaptureFixture
) -> None:
    audit_log = service.parts.audit_log
    for _ in range(25):
        assert_refused(service, "astro-admin-x")
        audit_log.record_rest()
    audit_log.flush()
    line = "login with a wrong admin token"
    assert [text for _, text in audit_table.events()] == [line] * MAX_EVENTS
    assert caplog.text.count("was refused") == MAX_EVENTS
    assert service.admin_login(admin_tokens.create_admin_token())  # the right one counts at any time
    clock_of(service).advance(SECONDS)
    audit_log.record_rest()
    audit_log.record_rest()
    assert_refused(service, "astro-admin-x")
    audit_log.flush()
    assert [text for event, text in audit_table.events() if event == audit.REFUSAL][MAX_EVENTS:] == [
        f"{line}: 15 more of them within a minute",
        line,
    ]


def test_setting_that_is_off_refuses(
    provider: ProviderDouble, service: IdentityService, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = admin_tokens.create_admin_token()
    new = service.admin_login(admin_tokens.create_admin_token())
    off = identity_settings()
    other = identity_service(provider, clock_of(service), off)
    assert_refused(other, token)
    assert other.check(new.id).end_reason is EndReason.SETTINGS
    for settings in (off, None):
        monkeypatch.setattr(admin_tokens, "read_settings", lambda _, settings=settings: settings)
        with pytest.raises(StartError, match="admin_tokens is off"):
            admin_tokens.create_admin_token()


def test_old_tokens_are_deleted() -> None:
    admin_tokens.create_admin_token(minutes=-1)
    admin_tokens.create_admin_token()
    count = text("SELECT count(*) FROM astro_runtime_login")
    assert in_transaction(lambda connection: connection.execute(count).scalar()) == 1


@pytest.mark.parametrize("user", ["", "a\nb", "x" * 300])
def test_user_must_be_a_name(user: str) -> None:
    with pytest.raises(StartError, match="printable"):
        admin_tokens.create_admin_token(user)


def test_bearer_and_admin_token_are_different_things(service: IdentityService) -> None:
    from astro_runtime_plugin.identity.tokens.verification import TokenError

    with pytest.raises(TokenError):
        service.bearer(admin_tokens.create_admin_token())
