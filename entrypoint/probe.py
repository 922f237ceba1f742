"""Checks whether a server takes a login: which protocol belongs to which scheme."""

from __future__ import annotations

from entrypoint.conversation import Conversation
from entrypoint.probe_outcomes import NoProbe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.endpoints import Endpoint

# Scheme → module, which is imported when it is needed.
PROBES = {
    "postgres": "postgresql_probe",
    "postgresql": "postgresql_probe",
    "mysql": "mysql_probe",
    "mariadb": "mysql_probe",
    "redis": "redis_probe",
    "rediss": "redis_probe",
    "sentinel": "sentinel_probe",
    "amqp": "amqp_probe",
    "amqps": "amqp_probe",
    "pyamqp": "amqp_probe",
}


def probe(endpoint: Endpoint, settings: BrokerSettings | None) -> None:
    """Return if the server takes a login, or is reachable and cannot be understood. `settings` are a broker's.

    Raises NotReady or OSError if the server is to be waited for, LoginRefused if waiting does not help.
    """
    from importlib import import_module

    with Conversation(endpoint) as conversation:
        if settings is not None and settings.connect_only:
            return
        module = import_module(f"entrypoint.{PROBES[endpoint.url.kind]}")
        try:
            module.probe(conversation, endpoint, settings)
        except NoProbe:
            return
