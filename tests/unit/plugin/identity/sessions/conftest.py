"""A database for the two tables of identity, and services on it."""

from __future__ import annotations

from typing import Any

import pytest

from astro_runtime_plugin.database import transaction
from astro_runtime_plugin.identity.sessions import renewal, tables
from astro_runtime_plugin.identity.sessions import service as service_module
from astro_runtime_plugin.identity.sessions.service import IdentityService
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import ProviderDouble
from testing.identity.sessions import AuditTableDouble, identity_service


@pytest.fixture(autouse=True)
def database(statements: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Use a new database, also in background threads; return the statements of the others."""
    transaction._engine_without_pool.cache_clear()
    for table in (tables.SESSION_TABLE, tables.ONCE_TABLE):
        monkeypatch.setattr(table, "_is_there", False)
    return statements


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request wait for a renewal as long as a starved machine takes for it."""
    monkeypatch.setattr(service_module, "WAIT_SECONDS", 300.0)
    monkeypatch.setattr(renewal, "POLLS", 750)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def provider(clock: MovingClock) -> ProviderDouble:
    return ProviderDouble(clock, groups=["viewers"])


@pytest.fixture
def audit_table() -> AuditTableDouble:
    return AuditTableDouble()


@pytest.fixture
def service(provider: ProviderDouble, clock: MovingClock, audit_table: AuditTableDouble) -> IdentityService:
    return identity_service(provider, clock, audit_table=audit_table)


@pytest.fixture
def other(provider: ProviderDouble, clock: MovingClock) -> IdentityService:
    """Another process of the web server."""
    return identity_service(provider, clock)
