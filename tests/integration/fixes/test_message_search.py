"""What the search for lost messages finds with real brokers, and when it is not certain."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from celery import Celery

from astro_runtime_plugin.celery_client import create_app
from astro_runtime_plugin.fixes.support import broker_queues
from astro_runtime_plugin.fixes.support.broker_queues import CHUNK, Redis, UncertainError
from astro_runtime_plugin.fixes.support.message_search import search
from testing.fake_worker import fake_worker
from testing.servers import rabbitmq, redis
from testing.waiting import wait_until

IDLE: Mapping[str, Any] = {"ping": {"ok": "pong"}, "reserved": [], "scheduled": []}
MINE = [{"id": "mine"}]
UNCERTAIN = "uncertain"
QUEUE = {"queue": "default", "durable": True, "auto_delete": False}
# The replies of a worker to which the others are added, and whether the message is missing.
WORKERS: dict[str, tuple[Mapping[str, Any], object]] = {
    "idle": (IDLE, {"mine"}),
    "another task": ({**IDLE, "reserved": [{"id": "other"}]}, {"mine"}),
    "active": ({**IDLE, "active": MINE}, set()),
    "reserved": ({**IDLE, "reserved": MINE}, set()),
    "scheduled": ({**IDLE, "scheduled": [{"eta": None, "priority": 6, "request": MINE[0]}]}, set()),
    "no reply to one question": ({"ping": {"ok": "pong"}, "reserved": []}, UNCERTAIN),
    "an error as reply": ({**IDLE, "reserved": {"error": "x"}}, UNCERTAIN),
    "an invalid reply": ({**IDLE, "scheduled": [{"request": 1}]}, UNCERTAIN),
}


def result(app: Celery) -> object:
    try:
        return search(app, {"default": ["mine"]})
    except UncertainError:
        return UNCERTAIN


def certain(app: Celery) -> object:
    """Return the result of the first search that is certain: on a busy machine, a worker may reply late."""
    results = (result(app) for _ in itertools.count())
    return next(answer for answer in results if answer != UNCERTAIN)


def send(app: Celery, task_id: str, priority: int | None = None) -> None:
    """Send a message, and wait until it is counted, which RabbitMQ does a moment later."""
    with app.connection_for_read() as connection:

        def count() -> int:
            return int(connection.default_channel.queue_declare(**QUEUE).message_count)

        before = count()
        app.send_task("execute_workload", task_id=task_id, queue="default", priority=priority)
        wait_until(lambda: count() > before)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture(scope="module")
def rabbitmq_url() -> Iterator[str]:
    with rabbitmq() as url:
        yield url


@contextmanager
def application(url: str, **options: str) -> Iterator[Celery]:
    """An application whose queue is empty; it is not afterwards."""
    with create_app({"broker_url": url, "broker_transport_options": options}) as app:
        with app.connection_for_write() as connection:
            queue = app.amqp.queues.select_add("default").bind(connection.default_channel)
            queue.declare()
            queue.purge()
        yield app


@pytest.mark.parametrize("case", WORKERS)
def test_task_of_a_worker_is_not_lost(redis_url: str, case: str) -> None:
    replies, expected = WORKERS[case]
    with application(redis_url) as app, ExitStack() as workers:
        workers.enter_context(fake_worker(redis_url, "idle@host", **IDLE))
        workers.enter_context(fake_worker(redis_url, "other@host", **replies))
        assert (result(app) if expected == UNCERTAIN else certain(app)) == expected


@pytest.mark.parametrize("broker", ["redis_url", "rabbitmq_url"])
@pytest.mark.parametrize("priority", [None, 9])
def test_message_that_waits_is_not_lost(
    broker: str, priority: int | None, request: pytest.FixtureRequest
) -> None:
    with application(request.getfixturevalue(broker)) as app:
        assert certain(app) == {"mine"}
        send(app, "mine", priority)
        assert certain(app) == set()


def test_many_messages_are_searched(redis_url: str) -> None:
    with application(redis_url) as app:
        for number in range(CHUNK):
            app.send_task("execute_workload", task_id=str(number), queue="default")
        assert certain(app) == {"mine"}
        send(app, "mine")
        assert certain(app) == set()


def test_messages_are_not_read_if_there_are_too_many(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_queues, "MAX_MESSAGES", 2)
    with application(redis_url) as app, app.connection_for_write() as connection:
        for priority in (0, 3, 9):
            app.send_task("execute_workload", task_id=str(priority), queue="default", priority=priority)
        redis_queues = Redis(connection)
        monkeypatch.setattr(redis_queues, "_messages", lambda _: pytest.fail("messages are read"))
        with pytest.raises(UncertainError):
            redis_queues.waiting({"default": ["mine"]})


def test_prefix_of_the_keys_is_respected(redis_url: str) -> None:
    with application(redis_url, global_keyprefix="mine-") as app:
        assert certain(app) == {"mine"}
        send(app, "mine")
        assert certain(app) == set()


def test_worker_that_never_replies_leaves_it_uncertain_with_redis(redis_url: str) -> None:
    with application(redis_url) as app, fake_worker(redis_url, "idle@host", **IDLE):
        with fake_worker(redis_url, "silent@host"):
            assert result(app) == UNCERTAIN
        assert certain(app) == {"mine"}


def test_consumer_that_never_replies_leaves_it_uncertain_with_rabbitmq(rabbitmq_url: str) -> None:
    with application(rabbitmq_url) as app, fake_worker(rabbitmq_url, "idle@host", **IDLE):
        with app.connection_for_read() as connection:
            queue = app.amqp.queues["default"]
            with connection.Consumer([queue]), connection.Consumer([queue]):
                assert result(app) == UNCERTAIN
        assert certain(app) == {"mine"}
