"""Redis with a replica, and three Sentinels that promote it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from redis import Redis

from testing.servers import redis, sentinel
from testing.waiting import wait_until

NAME = "airflow"
SENTINELS, QUORUM = 3, 2
# As in compose.ha.yaml, where each value has its reason.
MONITOR = f"""
sentinel monitor {NAME} 127.0.0.1 {{port}} {QUORUM}
sentinel down-after-milliseconds {NAME} 5000
sentinel failover-timeout {NAME} 30000"""


class ReplicatedRedis:
    """A master, `replica` (URLs), and `sentinels`: their URLs as Celery takes them, with a semicolon in between."""

    def __init__(self, master: str, replica: str, sentinels: str) -> None:
        self.master, self.replica, self.sentinels = master, replica, sentinels

    def lose_master(self) -> None:
        """Kill the master, and return when the Sentinels have promoted the replica."""
        with Redis.from_url(self.master) as client:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
        self._wait_for_role("master")

    def wait_for_replica(self) -> None:
        """Wait until the replica is in step."""
        with Redis.from_url(self.replica) as client:
            wait_until(lambda: client.info("replication").get("master_link_status") == "up")

    def _wait_for_role(self, role: str) -> None:
        with Redis.from_url(self.replica) as client:
            wait_until(lambda: client.info("replication")["role"] == role)


@contextmanager
def replicated_redis() -> Iterator[ReplicatedRedis]:
    """Run all of them."""
    with ExitStack() as stack:
        master = stack.enter_context(redis())
        port = urlsplit(master).port
        replica = stack.enter_context(redis("--replicaof", f"127.0.0.1 {port}"))
        urls = [stack.enter_context(sentinel(MONITOR.format(port=port))) for _ in range(SENTINELS)]
        servers = ReplicatedRedis(master, replica, ";".join(urls))
        servers.wait_for_replica()
        for url in urls:
            wait_for_others(url)
        yield servers


def wait_for_others(url: str) -> None:
    """Wait until a Sentinel knows the replica and the other Sentinels: without them it starts no failover."""
    with Redis.from_url(url.replace("sentinel://", "redis://"), decode_responses=True) as client:

        def knows_all() -> bool:
            master = client.sentinel_master(NAME)
            return (master["num-slaves"], master["num-other-sentinels"]) == (1, SENTINELS - 1)

        wait_until(knows_all)
