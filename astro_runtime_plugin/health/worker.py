"""Whether this container's Celery worker answers: `celery inspect ping`, without Airflow's Celery application."""

from __future__ import annotations

import json
import ssl
from typing import Any

from celery import Celery
from celery.utils.nodenames import default_nodename, host_format

from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint.command import BROKER
from entrypoint.endpoints import endpoints

SECONDS = 5
# The brokers that carry Celery's remote control: not SQS, for one.
ANSWERING = ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp")
# Of [celery_broker_transport_options], what says where the answers are to be found.
WHERE = ("global_keyprefix", "master_name")


def check_worker(configured: HealthSettings) -> None:
    """Raise UnhealthyError where the worker does not answer a ping through the broker."""
    url = configured.url(BROKER)
    if not configured.is_on("celery", "worker_enable_remote_control", "True"):
        raise UnknownHealthError("[celery] worker_enable_remote_control is off")
    if not url.startswith(tuple(f"{scheme}{end}" for scheme in ANSWERING for end in ("://", "+"))):
        raise UnknownHealthError("the broker carries no remote control")
    node = host_format(default_nodename(configured.option("-H", "--celery-hostname")))
    if not ping(node, url, configured):
        raise UnhealthyError(f"the worker {node} does not answer")


def ping(node: str, url: str, configured: HealthSettings) -> object:
    """Return what the worker answers, if it does. Raises UnhealthyError where the broker cannot be asked."""
    app = Celery(broker=url, set_as_current=False)
    try:
        app.conf.update(settings(url, configured))
        return app.control.inspect(destination=[node], timeout=SECONDS).ping()
    except Exception as error:  # each transport has errors of its own
        where = ", ".join(map(str, endpoints(url, "[celery] broker_url"))) or "its place"
        raise UnhealthyError(f"the broker at {where} cannot be asked: {type(error).__name__}") from None


def settings(url: str, configured: HealthSettings) -> dict[str, Any]:
    """Return the settings of a Celery application that asks once and gives up soon."""
    soon: dict[str, Any] = {"broker_connection_retry": False, "broker_connection_timeout": SECONDS}
    soon["broker_transport_options"] = transport(configured)
    if url.startswith(("redis", "sentinel")):
        soon["broker_transport_options"] |= {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS}
    if configured.is_on("celery", "ssl_active", "False"):
        soon["broker_use_ssl"] = certificates("" if "amqp" in url.partition("://")[0] else "ssl_", configured)
    return soon


def transport(configured: HealthSettings) -> dict[str, Any]:
    """Return the operator's transport options, as far as they matter here."""
    section = "celery_broker_transport_options"
    given: dict[str, Any] = {name: configured.get(section, name, "") for name in WHERE}
    given["sentinel_kwargs"] = json.loads(configured.get(section, "sentinel_kwargs", "null"))
    return {name: value for name, value in given.items() if value}


def certificates(prefix: str, configured: HealthSettings) -> dict[str, Any]:
    """Return Celery's `broker_use_ssl`, as the Celery provider makes it of Airflow's settings."""
    files = {"ca_certs": "ssl_cacert", "keyfile": "ssl_key", "certfile": "ssl_cert"}
    given = {f"{prefix}{name}": configured.get("celery", option, "") for name, option in files.items()}
    return {f"{prefix}cert_reqs": ssl.CERT_REQUIRED, **{name: path for name, path in given.items() if path}}
