"""The name of this host, as Airflow records it with a job."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from astro_runtime_plugin.health.settings import HealthSettings

DEFAULT = "airflow.utils.net.getfqdn"


def job_hostname(settings: HealthSettings) -> str | None:
    """Return this host's name as Airflow records it; None if that takes a function of Airflow's own."""
    path = settings.get("core", "hostname_callable", DEFAULT)
    if path in HOSTNAME_CALLABLES:
        return HOSTNAME_CALLABLES[path]()
    return None if path.startswith("airflow.") else str(settings.import_attribute(path)())


def getfqdn() -> str:
    """Return the canonical name of this host, like `airflow.utils.net.getfqdn`."""
    name = socket.gethostname()
    try:
        addresses = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        return name
    return next((address[3] for address in addresses if address[3]), name)


def ip_address() -> str:
    """Return this host's address, like `airflow.utils.net.get_host_ip_address`."""
    return socket.gethostbyname(getfqdn())


HOSTNAME_CALLABLES: Mapping[str, Callable[[], str]] = {
    DEFAULT: getfqdn,
    "airflow.utils.net.get_host_ip_address": ip_address,
}
