"""Sessions in each database that Airflow supports: many processes at once, and only one of them wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from astro_runtime_plugin.identity.sessions import audit, single_use
from astro_runtime_plugin.identity.sessions.airflow_parts import AirflowAuditTable
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import identity_service, log_in, tick

pytestmark = pytest.mark.usefixtures("engine")
THREADS = 8


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def provider(clock: MovingClock) -> ProviderDouble:
    return ProviderDouble(clock, groups=["viewers"])


def new_service(provider: ProviderDouble, clock: MovingClock) -> IdentityService:
    return identity_service(provider, clock)


def results_at_once(work: Callable[[], Any]) -> list[Any]:
    """Return what `work` gives in several threads that begin at the same moment."""
    barrier = threading.Barrier(THREADS)

    def run(_: int) -> Any:
        barrier.wait(300)
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return [*pool.map(run, range(THREADS))]


def audit_rows(engine: Any) -> list[tuple[str, str, str]]:
    from airflow.models.log import Log

    with engine.connect() as connection:
        columns = Log.__table__.c
        query = select(columns.event, columns.owner, columns.extra).order_by(columns.id)
        return [tuple(row) for row in connection.execute(query)]


def test_first_logins_create_tables_at_once(provider: ProviderDouble, clock: MovingClock) -> None:
    service = new_service(provider, clock)
    logins = results_at_once(lambda: log_in(service))
    other = new_service(provider, clock)
    assert all(other.check(new.id).session == new.session for new in logins)


def test_state_is_used_by_one_of_many(provider: ProviderDouble, clock: MovingClock) -> None:
    single_use.delete_expired(clock())
    uses = results_at_once(lambda: single_use.use_first(single_use.STATE, "hash", clock() + 60))
    assert sorted(uses) == [False] * (THREADS - 1) + [True]


def test_value_is_taken_by_one_of_many(clock: MovingClock) -> None:
    single_use.put(single_use.ADMIN_TOKEN, "hash", "ann", clock() + 60)

    def take() -> str:
        try:
            return single_use.take(single_use.ADMIN_TOKEN, "hash", clock())
        except LookupError:
            return ""

    assert sorted(results_at_once(take)) == [""] * (THREADS - 1) + ["ann"]


def test_logout_is_remembered_by_many_at_once(clock: MovingClock) -> None:
    results_at_once(lambda: single_use.replace(single_use.LOGOUT, "hash", str(clock()), clock() + 60))
    single_use.replace(single_use.LOGOUT, "hash", "2", clock() + 70)
    single_use.put(single_use.STATE, "other", "", clock() + 60)
    assert single_use.values_since(single_use.LOGOUT, clock(), 10) == [("hash", "2")]
    assert single_use.values_since(single_use.LOGOUT, clock() + 80, 10) == []


def test_session_is_claimed_by_one_of_many(provider: ProviderDouble, clock: MovingClock) -> None:
    service = new_service(provider, clock)
    new = log_in(service)
    row = service.parts.store.load(new.session.id_hash)
    assert row
    claims = results_at_once(lambda: service.parts.store.claim(row))
    assert sum(map(bool, claims)) == 1
    (claim,) = filter(None, claims)
    takeovers = results_at_once(lambda: service.parts.store.claim(row, claim))
    assert sum(map(bool, takeovers)) == 1


def test_many_processes_use_each_refresh_token_once(provider: ProviderDouble, clock: MovingClock) -> None:
    services = [new_service(provider, clock) for _ in range(4)]
    new = log_in(services[0])
    assert all(service.check(new.id).session for service in services)
    for number in range(1, 4):
        clock.advance(31)
        renewals = [renewal for service in services for renewal in service.parts.upkeep.tick()]
        assert all(renewal.wait(300) for renewal in renewals)
        assert provider.requests.count("refresh") == number
        for service in services:
            tick(service)
            assert service.check(new.id).session
    assert provider.requests.count("refresh") == 3


def test_roles_and_logout_reach_all_processes(provider: ProviderDouble, clock: MovingClock) -> None:
    first, second = new_service(provider, clock), new_service(provider, clock)
    provider.claims["sid"] = "s"
    new = log_in(first)
    assert second.check(new.id).session
    provider.claims["groups"] = ["admins"]
    clock.advance(31)
    tick(first)
    tick(second)
    session = second.check(new.id).session
    assert session
    assert session.grant.role == "Admin"
    second.end_by_logout_token(provider.logout_token(sid="s"))
    tick(first)
    assert [service.check(new.id).end_reason for service in (first, second)] == [EndReason.PROVIDER] * 2


def test_user_is_what_the_provider_calls_him(
    engine: Any, provider: ProviderDouble, clock: MovingClock
) -> None:
    """Neither the data nor the audit log depends on the character set of the database."""
    provider.claims.update(preferred_username="änn🐘", given_name="Änn 🐘")
    service = identity_service(provider, clock, audit_table=AirflowAuditTable())
    new = log_in(service)
    found = new_service(provider, clock).check(new.id).session
    assert found
    assert found.user.name == "änn🐘"
    assert service.parts.audit_log.flush()
    assert audit_rows(engine) == [("identity_login", "änn\ufffd", "login: Viewer")]


def test_refused_audit_row_does_not_block_the_others(engine: Any, clock: MovingClock) -> None:
    log = audit.AuditLog(AirflowAuditTable(), clock, is_background=False)
    log.record(audit.LOGIN, "ann", "1")
    log.record(None, "ann", "without an event")  # type: ignore[arg-type]
    log.record("x" * 100, "ann", "with one that is too long")
    log.record(audit.LOGIN, "ann", "2")
    assert log.flush()
    texts = [text for _, _, text in audit_rows(engine)]
    assert texts[0] == "1"
    assert texts[-1] == "2"


def test_old_sessions_are_deleted(engine: Any, provider: ProviderDouble, clock: MovingClock) -> None:
    service = new_service(provider, clock)
    old = log_in(service)
    clock.advance(48 * 3600 + 1)
    new = log_in(service)
    tick(service)
    assert service.parts.store.load(old.session.id_hash) is None
    assert service.parts.store.load(new.session.id_hash)
