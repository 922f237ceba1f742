"""A broker for a fault test: what it is called, how it is emptied, and how it fails over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from redis import Redis

from testing.faults.replicated_redis import NAME, replicated_redis
from testing.servers import rabbitmq, redis

# As in compose.ha.yaml, where each value has its reason.
SENTINEL = {
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__MASTER_NAME": NAME,
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__SOCKET_CONNECT_TIMEOUT": "5",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__SOCKET_TIMEOUT": "15",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__HEALTH_CHECK_INTERVAL": "10",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__SENTINEL_KWARGS": (
        '{"socket_timeout":3,"socket_connect_timeout":3}'
    ),
}


def impossible() -> None:
    """Fail: the broker has nothing that could take over."""
    raise NotImplementedError


class RunningBroker(NamedTuple):
    """A broker that runs: its URL, what deletes the messages in its queues, and what loses its master.

    `environ` is what Airflow needs for it.
    """

    url: str
    flush: Callable[[], object]
    fail_over: Callable[[], None] = impossible
    environ: Mapping[str, str] = {}

    @property
    def port(self) -> int:
        """Return the port of its URL, the first if it has several."""
        match = re.search(r":(\d+)/", self.url)
        assert match
        return int(match[1])

    def url_at(self, port: int) -> str:
        """Return its URL through a gate on another port; Sentinels send their clients past each gate."""
        is_direct = self.url.startswith("sentinel:")
        return self.url if is_direct else self.url.replace(f":{self.port}/", f":{port}/")


@contextmanager
def running_broker(name: str) -> Iterator[RunningBroker]:
    """Run "redis", "redis-sentinel" or "rabbitmq"."""
    if name == "redis":
        with redis() as url, Redis.from_url(url) as client:
            yield RunningBroker(url, client.flushdb)
    elif name == "redis-sentinel":
        with replicated_redis() as servers, Redis.from_url(servers.master) as client:
            yield RunningBroker(servers.sentinels, client.flushdb, servers.lose_master, SENTINEL)
    else:
        with rabbitmq() as url:
            yield RunningBroker(url, lambda: purge(url))


def purge(url: str) -> None:
    """Delete the messages in Airflow's queue at RabbitMQ."""
    from kombu.connection import Connection

    with Connection(url) as connection:
        connection.default_channel.queue_purge("default")
