"""The Celery application that queries workers: the operator's settings, but it gives up soon."""

from __future__ import annotations

from typing import Any

import pytest
from kombu.transport import memory

from astro_runtime_plugin.celery_client import CONNECT_TIMEOUT, create_app, remote_control_problem
from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector


@pytest.mark.parametrize("url", ["redis://localhost:1/0", "rediss://localhost:1/0", "sentinel://localhost:1"])
def test_redis_has_socket_timeouts(url: str) -> None:
    options = create_app({"broker_url": url}).conf.broker_transport_options
    assert (options["socket_connect_timeout"], options["socket_timeout"]) == (CONNECT_TIMEOUT,) * 2
    assert options["max_retries"] == 1


@pytest.mark.parametrize("kwargs", [{"password": "p"}, {"socket_timeout": 600}])
def test_sentinels_with_options_have_socket_timeouts(kwargs: dict[str, Any]) -> None:
    settings = {
        "broker_url": "sentinel://localhost:1",
        "broker_transport_options": {"sentinel_kwargs": kwargs},
    }
    options = create_app(settings).conf.broker_transport_options["sentinel_kwargs"]
    assert options == {**kwargs, "socket_connect_timeout": CONNECT_TIMEOUT, "socket_timeout": CONNECT_TIMEOUT}


def test_sentinels_without_options_have_redis_timeouts() -> None:
    app = create_app({"broker_url": "sentinel://localhost:1"})
    assert "sentinel_kwargs" not in app.conf.broker_transport_options


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


def test_transport_decides_on_timeouts_wherever_the_url_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://localhost:1/0")  # Celery itself reads it
    assert (
        "socket_timeout" in create_app({"broker_url": "amqp://localhost:1//"}).conf.broker_transport_options
    )


def transport(name: str) -> dict[str, Any]:
    return {"broker_url": "localhost", "broker_transport": f"tests.unit.plugin.virtual_transports:{name}"}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"broker_url": "redis://localhost"}, None),
        ({"broker_url": "rediss://localhost"}, None),
        ({"broker_url": "redis+socket:///run/redis.sock"}, None),
        ({"broker_url": "sentinel://localhost;sentinel://other"}, None),
        ({"broker_url": "amqp://localhost"}, None),
        ({"broker_url": "amqps://localhost"}, None),
        ({"broker_url": "pyamqp://localhost"}, None),
        ({"broker_url": ["amqp://a", "amqp://b"]}, None),
        ({"broker_url": "memory://"}, None),
        ({"broker_url": "zookeeper://localhost"}, "(zookeeper) does not pass"),
        ({"broker_url": "sqla+sqlite://"}, "(sqlalchemy) does not pass a question to all workers"),
        (transport("WithoutFanout"), "does not pass a question"),
        (
            transport("ChannelWithoutFanout"),
            "does not pass a question",
        ),
        (transport("PubSub"), "keep a queue for every question"),
        ({"broker_url": "nosuch://secret@localhost"}, "settings cannot be used: KeyError"),
        (
            {"broker_url": "redis://localhost", "broker_read_url": "sqla+sqlite://"},
            "(sqlalchemy) does not pass",
        ),
        (
            {"broker_url": "redis://localhost", "worker_enable_remote_control": False},
            "_remote_control is off",
        ),
    ],
)
def test_workers_are_queried_only_where_they_can_answer(
    settings: dict[str, Any], problem: str | None
) -> None:
    answer = remote_control_problem(create_app(settings))
    assert answer is None if problem is None else problem in (answer or "")


@pytest.mark.parametrize("settings", [{}, {"worker_enable_remote_control": False}])
def test_no_question_and_no_queue_is_left_on_broker_without_fanout(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.setattr(memory.Channel, "queues", {})
    monkeypatch.setattr(memory.Channel, "supports_fanout", bool(settings))
    inspector = WorkerInspector({"broker_url": "memory://", **settings})
    answers = [inspector.inspect_once() for _ in range(4)]
    assert [*answers[0]] == ["error"]
    assert memory.Channel.queues == {}
