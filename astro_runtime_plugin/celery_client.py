"""A Celery application that queries workers and gives up quickly if the broker does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery

CONNECT_TIMEOUT = 5  # seconds that a connection to the broker may take


def create_app(settings: Mapping[str, Any]) -> Celery:
    """Return an application with Celery's `settings`, `broker_url` among them."""
    options = dict(settings.get("broker_transport_options") or {})
    options |= {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    if str(settings.get("broker_url", "")).startswith(("redis", "sentinel")):
        options |= {"socket_connect_timeout": CONNECT_TIMEOUT, "socket_timeout": CONNECT_TIMEOUT}
    app = Celery(set_as_current=False)
    app.conf.update(
        {
            **settings,
            "broker_connection_retry": False,
            "broker_connection_timeout": CONNECT_TIMEOUT,
            "broker_transport_options": options,
        }
    )
    return app
