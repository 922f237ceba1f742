"""Sessions between requests: in memory, in the database, in other processes, after a pause."""

from __future__ import annotations

import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy.exc import OperationalError

import astro_runtime_plugin
from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.sessions.cache import MAX_SESSIONS, LeastRecentlyUsed
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.sessions.store import SessionStore
from astro_runtime_plugin.identity.sessions.tables import SESSIONS
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import FernetDouble, identity_service, identity_settings, log_in, tick
from testing.waiting import wait_until

AWAY = ProviderError("it does not answer", transient=True)


def role(service: IdentityService, session_id: str) -> str | None:
    session = service.check(session_id).session
    return session.grant.role if session else None


def test_request_of_active_user_costs_no_query(
    service: IdentityService, provider: ProviderDouble, database: list[tuple[str, Any]]
) -> None:
    new = log_in(service)
    queries, requests = len(database), len(provider.requests)
    for _ in range(100):
        assert service.check(new.id) == service.peek(new.id)
    assert (len(database), len(provider.requests)) == (queries, requests)


def test_other_process_reads_session_once(
    service: IdentityService, other: IdentityService, database: list[tuple[str, Any]]
) -> None:
    new = log_in(service)
    assert other.peek(new.id) is None
    assert other.check(new.id).session == new.session
    queries = len(database)
    assert other.check(new.id).session == new.session
    assert other.peek(new.id) == other.check(new.id)
    assert len(database) == queries


@pytest.mark.parametrize("session_id", ["", "unknown", "x" * 100_000, "ä\ud800\x00"])
def test_unknown_id_is_no_session(service: IdentityService, session_id: str) -> None:
    assert service.check(session_id).end_reason is EndReason.UNKNOWN


def test_database_has_neither_id_nor_tokens(
    service: IdentityService, provider: ProviderDouble, database: list[tuple[str, Any]]
) -> None:
    name = "ann@example.com"  # ciphertext has no such signs, but may have "ann"
    provider.claims |= {"sub": name, "preferred_username": name}
    new = log_in(service)
    assert service.check(new.id).session
    assert new.id not in str(database)
    assert name not in str(database)
    assert "groups" not in str(database)


def test_logout_ends_session_everywhere(service: IdentityService, other: IdentityService) -> None:
    new = log_in(service)
    assert role(other, new.id) == "Viewer"
    url = service.end(new.id, EndReason.LOGOUT, "https://airflow.example.com/ended")
    assert url == "https://id.example.com/logout?to=https://airflow.example.com/ended&hint=yes"
    assert service.check(new.id).end_reason is EndReason.LOGOUT
    tick(other)
    assert other.check(new.id).end_reason is EndReason.LOGOUT


def test_each_login_has_new_id(service: IdentityService) -> None:
    first, second = log_in(service), log_in(service)
    assert first.id != second.id
    service.end(first.id)
    assert role(service, second.id) == "Viewer"


def test_first_request_after_pause_waits_for_renewal(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.claims["groups"] = ["admins"]
    clock.advance(60)
    assert role(service, new.id) == "Viewer"
    clock.advance(61)
    assert service.peek(new.id) is None
    assert role(service, new.id) == "Admin"
    assert service.peek(new.id) == service.check(new.id)


def test_pause_longer_than_tokens_is_no_end(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    clock.advance(10 * provider.life)
    assert role(service, new.id) == "Viewer"


def test_provider_away_keeps_session_until_tokens_end(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    provider.failure = AWAY
    clock.advance(120)
    assert role(service, new.id) == "Viewer"
    attempts = provider.requests.count("refresh")
    assert attempts == 1
    for _ in range(20):
        assert role(service, new.id) == "Viewer"
    assert provider.requests.count("refresh") == attempts
    clock.advance(provider.life)
    assert service.check(new.id).end_reason is EndReason.EXPIRED
    provider.failure = None
    clock.advance(11)
    assert role(service, new.id) == "Viewer"


def test_request_waits_until_its_renewal_has_failed(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next request joins the renewal that is about to fail, and has no session either."""
    upkeep, release = service.parts.upkeep, SessionStore.release
    renew = upkeep.renew

    def renew_slowly(*args: Any, **options: Any) -> threading.Event:
        done = renew(*args, **options)
        wait_until(lambda: (upkeep._renewal and upkeep._renewal.availability.is_away) or done.is_set())
        return done

    def release_late(store: SessionStore, *claim: str) -> None:
        time.sleep(0.5)
        release(store, *claim)

    monkeypatch.setattr(upkeep, "renew", renew_slowly)
    monkeypatch.setattr(SessionStore, "release", release_late)
    new = log_in(service)
    provider.failure = AWAY
    clock.advance(provider.life)
    assert service.check(new.id).end_reason is EndReason.EXPIRED
    provider.failure = None
    clock.advance(11)
    assert role(service, new.id) == "Viewer"


def test_slow_provider_does_not_hold_up_the_user(
    service: IdentityService,
    provider: ProviderDouble,
    clock: MovingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("astro_runtime_plugin.identity.sessions.service.WAIT_SECONDS", 0.05)
    new = log_in(service)
    provider.claims["groups"] = ["admins"]
    provider.gate.clear()
    clock.advance(100)
    assert role(service, new.id) == "Viewer"
    renewal = service.parts.upkeep.renew(new.session.id_hash)
    provider.gate.set()
    assert renewal.wait(300)
    assert role(service, new.id) == "Admin"


def test_session_ends_at_airflows_own_limit(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    clock.advance(24 * 3600 + 1)
    assert service.check(new.id).end_reason is EndReason.EXPIRED
    assert "refresh" not in provider.requests


def test_other_issuer_or_key_voids_sessions(
    service: IdentityService, provider: ProviderDouble, clock: MovingClock
) -> None:
    new = log_in(service)
    elsewhere = identity_service(provider, clock, identity_settings(issuer="https://other.example.com"))
    assert elsewhere.check(new.id).end_reason is EndReason.SETTINGS
    other_key = identity_service(provider, clock, cipher=FernetDouble(b"A" * 43 + b"="))
    assert other_key.check(new.id).end_reason is EndReason.UNKNOWN


@pytest.mark.parametrize("data", ["", "garbage", "gAAAA"])
def test_row_of_somebody_else_is_no_session(
    service: IdentityService, other: IdentityService, data: str
) -> None:
    new = log_in(service)
    from astro_runtime_plugin.database.transaction import in_transaction

    in_transaction(lambda connection: connection.execute(SESSIONS.update().values(data=data)))
    assert other.check(new.id).end_reason is EndReason.UNKNOWN


def test_database_away(
    service: IdentityService, other: IdentityService, monkeypatch: pytest.MonkeyPatch, clock: MovingClock
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    new = log_in(service)
    monkeypatch.setattr(service.parts.store, "load", fail)
    monkeypatch.setattr(other.parts.store, "load", fail)
    clock.advance(61)
    assert role(service, new.id) == "Viewer"
    assert other.check(new.id).end_reason is EndReason.UNAVAILABLE
    assert service.end(new.id) is not None
    assert service.check(new.id).end_reason is EndReason.LOGOUT


def test_rules_that_change_count_at_once(provider: ProviderDouble, clock: MovingClock, tmp_path: Any) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"claim": "groups", "Viewer": ["viewers"]}')
    service = identity_service(provider, clock, identity_settings(roles=str(rules)))
    new = log_in(service)
    rules.write_text('{"claim": "groups", "Op": ["viewers"], "Viewer": ["*"]}')
    service.parts.upkeep._rules.__self__._checked_at = -100.0  # type: ignore[attr-defined]
    tick(service)
    assert role(service, new.id) == "Op"
    rules.write_text('{"claim": "groups", "Op": ["others"]}')
    service.parts.upkeep._rules.__self__._checked_at = -100.0  # type: ignore[attr-defined]
    tick(service)
    assert service.check(new.id).end_reason is EndReason.ROLES


def traced_bytes() -> int:
    """Return the size of what lives and was allocated here or in the package: threads of other tests may run on."""
    here = [
        tracemalloc.Filter(True, __file__),
        tracemalloc.Filter(True, str(Path(astro_runtime_plugin.__file__).parent / "*")),
    ]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(here).traces)


def test_memory_is_flat_over_many_users(service: IdentityService, mocker: MockerFixture) -> None:
    assert MAX_SESSIONS == 10_000
    row = service.parts.store.load(log_in(service).session.id_hash)
    memory = service.parts.memory
    mocker.patch.object(memory.sessions, "_size", 1000)
    tracemalloc.start()
    sizes = []
    for number in range(6000):
        memory.keep(f"{number:064}", row)
        if number % 1000 == 999:
            sizes.append(traced_bytes())
    tracemalloc.stop()
    assert len(memory.sessions) == 1000
    assert memory.sessions.get(f"{5999:064}")
    assert memory.sessions.get(f"{4999:064}") is None
    assert sizes[-1] < 1.1 * sizes[2]
    assert sizes[-1] / 1000 < 4000


def test_least_recently_used_entry_goes_first() -> None:
    cache: LeastRecentlyUsed[str, int] = LeastRecentlyUsed(3)
    for number in range(3):
        cache.put(str(number), number + 1)
    assert cache.get("0") == 1
    cache.put("3", 4)
    assert [cache.get(str(number)) for number in range(4)] == [1, None, 3, 4]
    cache.drop("3")
    cache.drop("3")
    assert len(cache) == 2
