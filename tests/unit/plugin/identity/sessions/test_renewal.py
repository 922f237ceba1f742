"""Renewal in the background: roles of the moment within a minute, and no refresh token used twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.sessions.renewal import CLAIM_SECONDS
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.upkeep import ACTIVE_SECONDS, READ_SECONDS
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import AuditTableDouble, log_in, tick
from testing.identity.signing import SigningKey


def use_until(
    clock: MovingClock, seconds: float, session_id: str, *services: IdentityService
) -> list[tuple[float, str]]:
    """Send requests to all processes, and let their background run, for some time; return what changed and when."""
    start, seen = clock(), [""]
    changes = []
    while clock() - start < seconds:
        clock.advance(READ_SECONDS)
        for service in services:
            tick(service)
        states = {
            (s.grant.role or "DAGs") if (s := service.check(session_id).session) else ""
            for service in services
        }
        text = ",".join(sorted(states))
        if text != seen[-1]:
            seen.append(text)
            changes.append((clock() - start, text))
    return changes


def end_reasons(session_id: str, *services: IdentityService) -> set[EndReason | None]:
    return {service.check(session_id).end_reason for service in services}


@pytest.mark.parametrize("offset", [0, 3, 11, 29, 31, 47])
def test_role_is_gone_within_a_minute(
    service: IdentityService,
    other: IdentityService,
    provider: ProviderDouble,
    clock: MovingClock,
    offset: int,
) -> None:
    new = log_in(service)
    use_until(clock, offset, new.id, service, other)
    provider.claims["groups"] = ["finance"]
    changes = use_until(clock, 60, new.id, service, other)
    assert changes[-1][1] == "DAGs"
    assert changes[-1][0] <= 45


@pytest.mark.parametrize("is_slow", [True, False])
def test_nobody_waits_while_the_provider_does_not_answer(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, monkeypatch: Any, is_slow: bool
) -> None:
    sessions = [log_in(service) for _ in range(3)]
    renewals = []

    def renew(id_hash: str, is_awaited: bool) -> RenewalDouble:
        assert service.parts.upkeep._renewal
        work = partial(service.parts.upkeep._renewal.renew, id_hash, lambda _: None, is_awaited)
        renewals.append(RenewalDouble(None if is_slow else work))
        return renewals[-1]

    monkeypatch.setattr(service.parts.upkeep, "renew", renew)
    provider.failure = ProviderError("away", transient=True)
    clock.advance(70)
    assert all(service.check(new.id).session for new in sessions)
    assert [renewal.waits for renewal in renewals] == [1, 0, 0]
    clock.advance(70)
    provider.failure = None
    assert service.check(sessions[1].id).session
    assert renewals[-1].waits == 1


class RenewalDouble:
    """A renewal that runs when somebody waits for it; with None it comes too late. Counts who waits."""

    def __init__(self, work: Callable[[], None] | None) -> None:
        self.work, self.waits = work, 0

    def wait(self, seconds: float) -> bool:
        self.waits += 1
        if self.work:
            self.work()
        return self.work is not None


def test_user_without_role_is_out_within_a_minute(
    service: IdentityService,
    other: IdentityService,
    provider: ProviderDouble,
    clock: MovingClock,
    audit_table: AuditTableDouble,
) -> None:
    new = log_in(service)
    provider.claims["groups"] = []
    use_until(clock, 60, new.id, service, other)
    assert end_reasons(new.id, service, other) == {EndReason.ROLES}
    service.parts.audit_log.flush()
    assert [event for event, _ in audit_table.events()] == ["identity_login", "identity_refusal"]


def test_user_whom_provider_ends_is_out_within_a_minute(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.failure = ProviderError("invalid_grant", code="invalid_grant")
    use_until(clock, 60, new.id, service, other)
    assert end_reasons(new.id, service, other) == {EndReason.PROVIDER}


def test_role_change_is_audited_once(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, audit_table: AuditTableDouble
) -> None:
    new = log_in(service)
    provider.claims["groups"] = ["admins", "finance"]
    use_until(clock, 100, new.id, service)
    service.parts.audit_log.flush()
    assert audit_table.events()[1:] == [
        ("identity_role_change", "Viewer became Admin and DAGs (edit finance_*)")
    ]


def test_active_session_is_renewed_each_half_minute(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    assert use_until(clock, 320, new.id, service, other) == [(READ_SECONDS, "Viewer")]
    assert provider.requests.count("refresh") == 10


def test_idle_session_is_left_alone(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    log_in(service)
    for _ in range(100):
        clock.advance(READ_SECONDS)
        tick(service)
    assert provider.requests.count("refresh") <= ACTIVE_SECONDS / 30


def test_processes_never_use_one_refresh_token_at_once(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    assert other.check(new.id).session
    clock.advance(31)
    provider.gate.clear()
    (first,) = service.parts.upkeep.tick()
    assert provider.refresh_started.wait(300)
    (second,) = other.parts.upkeep.tick()
    assert second.wait(300)
    assert provider.requests.count("refresh") == 1
    provider.gate.set()
    assert first.wait(300)
    tick(other)
    assert end_reasons(new.id, service, other) == {None}
    assert provider.requests.count("refresh") == 1


def test_request_waits_for_renewal_of_other_process(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    assert other.check(new.id).session
    provider.claims["groups"] = ["admins"]
    clock.advance(100)
    provider.gate.clear()
    (first,) = service.parts.upkeep.tick()
    assert provider.refresh_started.wait(300)
    threading.Timer(0.3, provider.gate.set).start()
    session = other.check(new.id).session
    assert session
    assert session.grant.role == "Admin"
    assert first.wait(300)
    assert provider.requests.count("refresh") == 1


def test_claim_of_dead_process_is_taken_over(
    service: IdentityService, other: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    row = service.parts.store.load(new.session.id_hash)
    assert row
    assert service.parts.store.claim(row)
    assert not other.parts.store.claim(row)
    other.check(new.id)
    provider.claims["groups"] = ["admins"]
    changes = use_until(clock, 120, new.id, other)
    assert changes[-1][1] == "Admin"
    assert changes[-1][0] <= CLAIM_SECONDS + 60


def test_late_holder_of_lost_claim_changes_nothing(service: IdentityService, clock: MovingClock) -> None:
    new = log_in(service)
    store = service.parts.store
    row = store.load(new.session.id_hash)
    assert row
    assert row.data
    lost = store.claim(row)
    taken = store.claim(row, lost)
    assert taken
    assert not store.renew(row.id_hash, lost, row.data, row.times)
    assert not store.end(row.id_hash, EndReason.PROVIDER, clock(), lost)
    store.release(row.id_hash, lost)
    assert not store.claim(row)
    assert store.renew(row.id_hash, taken, row.data, row.times)


@pytest.mark.parametrize("code", ["", "invalid_client", "temporarily_unavailable", "unauthorized_client"])
def test_error_that_is_not_about_the_session_keeps_it(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, code: str
) -> None:
    new = log_in(service)
    provider.failure = ProviderError("no", code=code)
    assert use_until(clock, 200, new.id, service) == [(READ_SECONDS, "Viewer")]
    provider.failure = None
    provider.claims["groups"] = ["users"]
    assert use_until(clock, 60, new.id, service)[-1][1] == "User"


def test_refresh_without_id_token_takes_userinfo(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.has_id_token_at_refresh = False
    provider.userinfo_claims = {"sub": "ann", "groups": ["users"]}
    assert use_until(clock, 60, new.id, service)[-1][1] == "User"
    provider.userinfo_claims = {"sub": "ann"}
    use_until(clock, 60, new.id, service)
    assert end_reasons(new.id, service) == {EndReason.ROLES}


@pytest.mark.parametrize("userinfo", [{}, {"sub": "bob", "groups": ["viewers"]}])
def test_refresh_without_claims_lasts_as_long_as_the_logins_tokens(
    service: IdentityService,
    other: IdentityService,
    provider: ProviderDouble,
    clock: MovingClock,
    caplog: pytest.LogCaptureFixture,
    userinfo: dict[str, Any],
) -> None:
    new = log_in(service)
    provider.has_id_token_at_refresh, provider.userinfo_claims = False, userinfo
    until_expiry = new.session.expires_at - clock()
    changes = use_until(clock, until_expiry + 60, new.id, service, other)
    assert [text for _, text in changes] == ["Viewer", ""]
    assert changes[-1][0] <= until_expiry + READ_SECONDS
    assert end_reasons(new.id, service, other) == {EndReason.CLAIMS}
    refreshes = provider.requests.count("refresh")
    use_until(clock, 100, new.id, service, other)
    assert provider.requests.count("refresh") == refreshes
    assert (
        1 <= caplog.text.count("such a session ends with the tokens of its login") <= 2
    )  # once in each process


def test_claims_that_come_again_keep_the_session(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.has_id_token_at_refresh = False
    use_until(clock, 200, new.id, service)
    provider.has_id_token_at_refresh, provider.claims["groups"] = True, ["users"]
    assert use_until(clock, 400, new.id, service)[-1][1] == "User"


def test_tokens_of_another_user_do_not_count(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, caplog: pytest.LogCaptureFixture
) -> None:
    new = log_in(service)
    provider.claims.update(sub="bob", groups=["admins"])
    use_until(clock, 100, new.id, service)
    session = service.check(new.id).session
    assert session
    assert (session.user.subject, session.grant.role) == ("ann", "Viewer")
    assert "another user's token" in caplog.text
    provider.claims.update(sub="ann")
    assert use_until(clock, 60, new.id, service)[-1][1] == "Admin"


def test_new_keys_are_read_in_the_background(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.signing = SigningKey(key_id="key-2")
    provider.claims["groups"] = ["users"]
    assert use_until(clock, 60, new.id, service)[-1][1] == "User"


def test_logout_during_renewal_wins(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    clock.advance(31)
    provider.gate.clear()
    (renewal,) = service.parts.upkeep.tick()
    assert provider.refresh_started.wait(300)
    service.end(new.id)
    provider.gate.set()
    assert renewal.wait(300)
    assert end_reasons(new.id, service) == {EndReason.LOGOUT}


def test_database_failure_after_rotation_is_survived(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    new = log_in(service)
    renew, failures = service.parts.store.renew, [1]

    def fail_once(*arguments: object) -> bool:
        if failures:
            failures.pop()
            raise OperationalError("UPDATE", {}, Exception("away"))
        return renew(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(service.parts.store, "renew", fail_once)
    clock.advance(31)
    tick(service)
    assert failures == []
    clock.advance(31)
    tick(service)
    assert end_reasons(new.id, service) == {None}
    assert provider.requests.count("refresh") == 2


def test_many_sessions_are_read_back_in_few_queries(
    service: IdentityService, database: list[tuple[str, object]]
) -> None:
    for _ in range(20):
        log_in(service)
    before = len(database)
    service.parts.upkeep.read_back()
    assert len(database) == before + 1
