"""Whether this container's Celery worker answers: `celery inspect ping`, without Airflow's Celery application."""

from __future__ import annotations

import ssl
from typing import Any

from celery import Celery
from celery.utils.nodenames import default_nodename, host_format

from astro_runtime_plugin.health.configured import Configured, UnhealthyError
from entrypoint.components import BROKER
from entrypoint.endpoints import endpoints

SECONDS = 5


def check_worker(configured: Configured) -> None:
    """Raise UnhealthyError where the worker does not answer a ping through the broker."""
    url = configured.url(BROKER)
    node = host_format(default_nodename(configured.option("-H", "--celery-hostname")))
    app = Celery(broker=url, set_as_current=False)
    app.conf.update(settings(url, configured))
    try:
        answered = app.control.inspect(destination=[node], timeout=SECONDS).ping()
    except Exception as error:  # each transport has errors of its own
        where = ", ".join(map(str, endpoints(url, "[celery] broker_url"))) or "its place"
        raise UnhealthyError(f"the broker at {where} cannot be asked: {type(error).__name__}") from None
    if not answered:
        raise UnhealthyError(f"the worker {node} does not answer")


def settings(url: str, configured: Configured) -> dict[str, Any]:
    """Return the settings of a Celery application that asks once and gives up soon."""
    soon: dict[str, Any] = {"broker_connection_retry": False, "broker_connection_timeout": SECONDS}
    if url.startswith("redis"):
        soon["broker_transport_options"] = {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS}
    if configured.get("celery", "ssl_active", "False").lower() in ("true", "t", "1"):
        soon["broker_use_ssl"] = certificates("" if "amqp" in url.partition("://")[0] else "ssl_", configured)
    return soon


def certificates(prefix: str, configured: Configured) -> dict[str, Any]:
    """Return Celery's `broker_use_ssl`, as the Celery provider makes it of Airflow's settings."""
    files = {"ca_certs": "ssl_cacert", "keyfile": "ssl_key", "certfile": "ssl_cert"}
    given = {f"{prefix}{name}": configured.get("celery", option, "") for name, option in files.items()}
    return {f"{prefix}cert_reqs": ssl.CERT_REQUIRED, **{name: path for name, path in given.items() if path}}
