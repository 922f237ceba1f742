"""The Celery application that queries workers: the operator's settings, but it gives up soon."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.celery_client import CONNECT_TIMEOUT, create_app


@pytest.mark.parametrize("url", ["redis://localhost:1/0", "rediss://localhost:1/0", "sentinel://localhost:1"])
def test_redis_has_socket_timeouts(url: str) -> None:
    options = create_app({"broker_url": url}).conf.broker_transport_options
    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (CONNECT_TIMEOUT,) * 2
    assert options["max_retries"] == 1


def test_rabbitmq_has_no_socket_options_of_redis() -> None:
    app = create_app({"broker_url": "amqp://localhost:1//"})
    assert not {"socket_connect_timeout", "socket_timeout"} & set(app.conf.broker_transport_options)
    assert app.conf.broker_connection_timeout == CONNECT_TIMEOUT
    assert app.conf.broker_connection_retry is False


def test_operators_transport_options_are_kept_and_not_modified() -> None:
    settings = {
        "broker_url": "redis://localhost:1/0",
        "broker_transport_options": {"global_keyprefix": "mine"},
    }
    app = create_app(settings)
    assert app.conf.broker_transport_options["global_keyprefix"] == "mine"
    assert settings["broker_transport_options"] == {"global_keyprefix": "mine"}
