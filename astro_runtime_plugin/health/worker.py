"""Checks that this container's Celery worker answers a ping, without Airflow's Celery application."""

from __future__ import annotations

import json
import ssl
from typing import Any

from celery.utils.nodenames import default_nodename, host_format

from astro_runtime_plugin.celery_client import create_app
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint.command import BROKER
from entrypoint.endpoints import endpoints

PING_SECONDS = 5
# The brokers that support Celery's remote control; SQS, for example, does not.
REMOTE_CONTROL_BROKERS = ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp")
# The options in [celery_broker_transport_options] that determine where the worker listens.
LOCATION_OPTIONS = ("global_keyprefix", "master_name")


def check_worker(settings: HealthSettings) -> None:
    """Raise UnhealthyError if the worker does not answer a ping through the broker."""
    url = settings.url(BROKER)
    if not settings.is_on("celery", "worker_enable_remote_control", "True"):
        raise UnknownHealthError("[celery] worker_enable_remote_control is off")
    if not url.startswith(
        tuple(f"{scheme}{end}" for scheme in REMOTE_CONTROL_BROKERS for end in ("://", "+"))
    ):
        raise UnknownHealthError("the broker does not support remote control")
    node = host_format(default_nodename(settings.command_line_option("-H", "--celery-hostname")))
    if not ping(node, url, settings):
        raise UnhealthyError(f"the worker {node} does not answer")


def ping(node: str, url: str, settings: HealthSettings) -> object:
    """Return the worker's answer, or None. Raises UnhealthyError if the broker does not answer."""
    try:
        app = create_app(ping_settings(url, settings))
        return app.control.inspect(destination=[node], timeout=PING_SECONDS).ping()
    except Exception as error:  # each transport has its own errors
        addresses = ", ".join(map(str, endpoints(url, "[celery] broker_url"))) or "its address"
        raise UnhealthyError(f"could not query the broker at {addresses}: {type(error).__name__}") from None


def ping_settings(url: str, settings: HealthSettings) -> dict[str, Any]:
    """Return the settings with which a Celery application reaches the broker."""
    celery: dict[str, Any] = {"broker_url": url, "broker_transport_options": transport_options(settings)}
    if settings.is_on("celery", "ssl_active", "False"):
        prefix = "" if "amqp" in url.partition("://")[0] else "ssl_"
        celery["broker_use_ssl"] = certificates(prefix, settings)
    return celery


def transport_options(settings: HealthSettings) -> dict[str, Any]:
    """Return the operator's transport options that a ping needs."""
    section = "celery_broker_transport_options"
    options: dict[str, Any] = {name: settings.get(section, name, "") for name in LOCATION_OPTIONS}
    options["sentinel_kwargs"] = json.loads(settings.get(section, "sentinel_kwargs", "null"))
    return {name: value for name, value in options.items() if value}


def certificates(prefix: str, settings: HealthSettings) -> dict[str, Any]:
    """Return Celery's `broker_use_ssl`, as the Celery provider builds it from Airflow's settings."""
    options = {"ca_certs": "ssl_cacert", "keyfile": "ssl_key", "certfile": "ssl_cert"}
    files = {f"{prefix}{name}": settings.get("celery", option, "") for name, option in options.items()}
    return {f"{prefix}cert_reqs": ssl.CERT_REQUIRED, **{name: path for name, path in files.items() if path}}
