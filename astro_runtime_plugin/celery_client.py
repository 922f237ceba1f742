"""A Celery application that queries workers and gives up quickly if the broker does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from celery import Celery

CONNECT_TIMEOUT = 5  # seconds that a connection to the broker may take
NO_RETRIES = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
REDIS_TIMEOUTS = {"socket_connect_timeout": CONNECT_TIMEOUT, "socket_timeout": CONNECT_TIMEOUT}
# The driver types of kombu's transports that keep the queue of a question until the connection is closed.
LEAVES_QUEUES = ("gcpubsub",)


def create_app(settings: Mapping[str, Any]) -> Celery:
    """Return an application with Celery's `settings`, `broker_url` among them."""
    app = Celery(set_as_current=False)
    options = {**(settings.get("broker_transport_options") or {}), **NO_RETRIES}
    overrides = {"broker_connection_retry": False, "broker_connection_timeout": CONNECT_TIMEOUT}
    app.conf.update({**settings, **overrides, "broker_transport_options": options})
    with suppress(Exception):  # a URL that kombu does not know; whoever connects gets the same error
        if any(transport.driver_type == "redis" for transport in transports(app)):
            app.conf.broker_transport_options = {**options, **REDIS_TIMEOUTS, **_sentinel_timeouts(options)}
    return app


def _sentinel_timeouts(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for the Sentinels; redis-py gives them the time-outs of Redis only if they have none."""
    sentinel = options.get("sentinel_kwargs")
    return {"sentinel_kwargs": {**sentinel, **REDIS_TIMEOUTS}} if isinstance(sentinel, Mapping) else {}


def remote_control_problem(app: Celery) -> str | None:
    """Return why the application's workers cannot be queried, or None if they can. Connects to nothing."""
    try:
        return support_problem(app)
    except Exception as error:  # whatever kombu raises for a URL; its text may contain the password
        return f"the broker's settings cannot be used: {type(error).__name__}"


def support_problem(app: Celery) -> str | None:
    """Return why the application does not support questions to workers, or None. Raises what kombu does for a URL.

    Celery's workers decide alike: `include_if` in celery/worker/consumer/control.py.
    """
    if not app.conf.worker_enable_remote_control:
        return "worker_enable_remote_control is off"
    return next(filter(None, map(transport_problem, transports(app))), None)


def transport_problem(transport: Any) -> str | None:
    """Return why workers cannot be queried over a transport of kombu's, or None if they can."""
    name = transport.__module__.rpartition(".")[2]
    if not has_fanout(transport):
        return f"the broker ({name}) does not pass a question to all workers"
    if transport.driver_type in LEAVES_QUEUES:
        return f"the broker ({name}) would keep a queue for every question"
    return None


def transports(app: Celery) -> set[Any]:
    """Return kombu's classes for the broker that workers read from, and for the one that questions are sent to."""
    return {app.connection_for_read().get_transport_cls(), app.connection_for_write().get_transport_cls()}


def has_fanout(transport: Any) -> bool:
    """Return whether a message can be sent to all workers; both the transport and its channel must be able to."""
    channel = getattr(transport, "Channel", None)  # only kombu's virtual transports have one
    return (
        "fanout" in transport.implements.exchange_type
        and getattr(channel, "supports_fanout", True) is not False
    )
