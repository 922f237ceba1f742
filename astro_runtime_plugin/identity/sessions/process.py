"""The service of this process."""

from __future__ import annotations

import os
import threading

from astro_runtime_plugin.identity.provider.registry import provider_of
from astro_runtime_plugin.identity.sessions import airflow_parts
from astro_runtime_plugin.identity.sessions.assembly import assemble
from astro_runtime_plugin.identity.sessions.parts import Surroundings
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.settings import read_settings

_services: dict[
    int, IdentityService
] = {}  # by process: threads, locks and what they guard do not survive a fork
_lock = threading.Lock()


def service() -> IdentityService:
    """Return the service of this process; a forked process gets its own. Raises what `read_settings` raises.

    Raises LookupError where neither `oidc_issuer` nor `proxy_jwt_header` is set, RulesError for unusable rules.
    """
    running = _services.get(os.getpid())
    if running:
        return running
    with _lock:
        if os.getpid() not in _services:
            _services.clear()  # a parent's
            _services[os.getpid()] = _new_service()
        return _services[os.getpid()]


def _new_service() -> IdentityService:
    settings = read_settings(airflow_parts.airflow_conf())
    if settings is None:
        raise LookupError("[astro_runtime] oidc_issuer is not set")
    outside = Surroundings(
        airflow_parts.secret_key(),
        airflow_parts.session_seconds(),
        airflow_parts.cipher(),
        airflow_parts.AirflowAuditTable(),
    )
    service = assemble(settings, provider_of(settings) if settings.has_provider else None, outside)
    service.start()
    return service


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # the parent may have held the other one


os.register_at_fork(after_in_child=_after_fork)
