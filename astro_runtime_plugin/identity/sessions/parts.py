"""The parts of the service, which `assembly` puts together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from astro_runtime_plugin.identity.provider.key_cache import KeyCache
from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.sessions.access import TokenAccess
from astro_runtime_plugin.identity.sessions.audit import AuditLog, AuditTable
from astro_runtime_plugin.identity.sessions.claims import ClaimReader
from astro_runtime_plugin.identity.sessions.data import Cipher
from astro_runtime_plugin.identity.sessions.logins import LoginFlow, SessionStart
from astro_runtime_plugin.identity.sessions.logout_marks import LogoutMarks
from astro_runtime_plugin.identity.sessions.memory import SessionMemory
from astro_runtime_plugin.identity.sessions.store import SessionStore
from astro_runtime_plugin.identity.sessions.upkeep import SessionUpkeep
from astro_runtime_plugin.identity.settings import IdentitySettings


@dataclass(frozen=True)
class Surroundings:
    """What the service takes from outside: Airflow, the clock."""

    secret_key: str
    session_seconds: float  # after which a new login is needed in any case
    cipher: Cipher
    audit_table: AuditTable
    clock: Callable[[], float] = time.time


@dataclass(frozen=True)
class ProviderParts:
    """What there is where a provider is set."""

    provider: Provider
    reader: ClaimReader
    logins: LoginFlow


@dataclass(frozen=True)
class ServiceParts:
    """All parts; those without a setting are None."""

    settings: IdentitySettings
    clock: Callable[[], float]
    provider_name: str
    store: SessionStore
    memory: SessionMemory
    audit_log: AuditLog
    marks: LogoutMarks
    session_start: SessionStart
    upkeep: SessionUpkeep
    provider: ProviderParts | None
    bearer: TokenAccess | None
    proxy: TokenAccess | None
    proxy_keys: KeyCache | None
