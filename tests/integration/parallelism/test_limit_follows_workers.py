"""The scheduler's limit follows the workers, with each broker on one line, as Airflow's own metrics show."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from testing.celery_cluster import BIN, Cluster, inspect_processes, run_cluster, wait_while_running
from testing.database_setup import alive
from testing.installed_line import LINE
from testing.servers import Postgres, rabbitmq, redis
from testing.waiting import wait_until

# The broker of this line's test: what the Runtime asks is the same on both.
BROKERS: dict[str, Callable[[], AbstractContextManager[str]]] = {"3.3": redis, "2.11": rabbitmq}
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
BROKER_WARNING = "could not query the broker"


@pytest.fixture
def database(metadata: Postgres, request: pytest.FixtureRequest) -> str:
    name = "".join(char if char.isalnum() else "_" for char in request.node.name.lower())[:60]
    return metadata.create(name, "migrated")


@pytest.fixture
def broker() -> Iterator[str]:
    with redis() as url:
        yield url


def limit_is(cluster: Cluster, limit: int) -> Callable[[], bool]:
    return lambda: (
        cluster.open_slots() == limit and cluster.metrics.gauges.get("astro_runtime.parallelism") == limit
    )


def test_limit_follows_the_workers(tmp_path: Path, database: str) -> None:
    with contextlib.ExitStack() as servers:
        url = servers.enter_context(BROKERS[LINE]())
        with run_cluster(tmp_path, database, url) as cluster:
            scheduler = cluster.scheduler()
            assert cluster.open_slots() == 32, "Airflow's default, before the first answer"
            small = cluster.worker("small", "-c", "2", "-q", "default")
            wait_while_running(limit_is(cluster, 2), scheduler)
            scaled, leaving = cluster.workers(
                ("scaled", "--autoscale", "6,1", "-q", "high,low"), ("leaving", "-c", "1", "-q", "default")
            )
            wait_while_running(limit_is(cluster, 9), scheduler)
            # Sent a moment after the limit.
            wait_while_running(lambda: cluster.metrics.gauges.get("astro_runtime.workers") == 3, scheduler)
            assert "Parallelism is 9: 1×1 default + 1×2 default + 1×6 high, low" in scheduler.log
            assert_command_lists_workers(cluster)
            control = Celery(broker=url, set_as_current=False).control
            control.autoscale(max=5, min=1, destination=[node(scaled.log)])
            control.pool_grow(2, destination=[node(small.log)])
            wait_while_running(limit_is(cluster, 10), scheduler)
            scaled.kill(signal.SIGKILL)
            leaving.process.terminate()
            wait_while_running(limit_is(cluster, 4), scheduler)
            before = scheduler.log.count(BROKER_WARNING)  # of a broker that was too slow, on a busy machine
            servers.close()
            wait_while_running(lambda: scheduler.log.count(BROKER_WARNING) > before, scheduler)
            wait_while_running(has_looped(cluster), scheduler)
            assert cluster.open_slots() == 4
            assert scheduler.log.count(BROKER_WARNING) == before + 1


def has_looped(cluster: Cluster, times: int = 10) -> Callable[[], bool]:
    """Return a condition: the scheduler's loop has run this many times from now on."""
    end = cluster.metrics.sent["executor.open_slots"] + times
    return lambda: cluster.metrics.sent["executor.open_slots"] >= end


def node(log: str) -> str:
    """Return the worker's node name, from the line that it logs when it is ready."""
    match = re.search(r"(\S+@\S+) ready\.", log)
    assert match
    return match[1]


def assert_command_lists_workers(cluster: Cluster) -> None:
    """Check that `astro-runtime workers` lists the workers by queue, and the limit in force."""

    def is_listed(done: subprocess.CompletedProcess[str]) -> bool:
        listed = json.loads(done.stdout)
        pools = {queue["name"]: queue["pool"] for queue in listed["queues"]}
        limits = [scheduler["parallelism"] for scheduler in listed["schedulers"]]
        return (done.returncode, pools, limits) == (0, {"default": 3, "high": 6, "low": 6}, [9])

    wait_for_output(cluster, is_listed, "--json")


def wait_for_output(
    cluster: Cluster, is_expected: Callable[[subprocess.CompletedProcess[str]], bool], *options: str
) -> None:
    """Run `astro-runtime workers` until its output is as expected.

    It leaves out a worker that is slow, and the scheduler saves its limit a moment after it has sent the metrics.
    """
    done: list[subprocess.CompletedProcess[str]] = []

    def run() -> bool:
        done[:] = [cluster.execute(str(BIN / "astro-runtime"), "workers", *options)]
        return is_expected(done[0])

    wait_until(run, lambda: str(done))


def test_operators_parallelism_is_kept_without_queries(tmp_path: Path, database: str, broker: str) -> None:
    with run_cluster(tmp_path, database, broker) as cluster:
        cluster.worker("small", "-c", "2")
        scheduler = cluster.scheduler(**{PARALLELISM: "32"})
        assert cluster.open_slots() == 32
        assert "follows the workers" not in scheduler.log
        assert inspect_processes(scheduler.process.pid) == []


def test_worker_queues_set_the_initial_and_the_maximum_limit(
    tmp_path: Path, database: str, broker: str
) -> None:
    queues = [{"name": "default", "min_worker_count": 2, "max_worker_count": 3, "worker_concurrency": 3}]
    environ = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": json.dumps(queues)}
    why = "1×10 default = 10, no more than the 9 of max_worker_count"
    with run_cluster(tmp_path, database, broker, **environ) as cluster:
        scheduler = cluster.scheduler()
        assert cluster.open_slots() == 6
        cluster.worker("large", "-c", "10")
        wait_while_running(limit_is(cluster, 9), scheduler)
        assert f"Parallelism is 9: {why}" in scheduler.log
        wait_for_output(cluster, lambda done: f"9 = {why}" in done.stdout)


def test_frozen_broker_blocks_nothing(tmp_path: Path, database: str, broker: str) -> None:
    with run_cluster(tmp_path, database, broker) as cluster:
        scheduler = cluster.scheduler()
        cluster.worker("small", "-c", "2")
        wait_while_running(limit_is(cluster, 2), scheduler)
        before = scheduler.log.count(BROKER_WARNING)
        with frozen(broker):
            wait_while_running(lambda: scheduler.log.count(BROKER_WARNING) > before, scheduler)
            wait_while_running(has_looped(cluster), scheduler)
            assert cluster.open_slots() == 2
        cluster.worker("late", "-c", "1")
        wait_while_running(limit_is(cluster, 3), scheduler)
        assert scheduler.log.count(BROKER_WARNING) == before + 1


@contextlib.contextmanager
def frozen(broker: str) -> Iterator[None]:
    """Suspend a Redis: it accepts connections but does not answer."""
    server = Redis.from_url(broker).info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def test_inspect_process_ends_with_killed_scheduler(tmp_path: Path, database: str, broker: str) -> None:
    with run_cluster(tmp_path, database, broker) as cluster:
        scheduler = cluster.scheduler()
        (inspect_process,) = wait_until(
            lambda: inspect_processes(scheduler.process.pid),
            lambda: scheduler.log,
            failed=lambda: scheduler.process.poll() is not None,
        )
        with scheduler.family(), frozen(broker):
            os.kill(scheduler.process.pid, signal.SIGKILL)
            wait_while_running(lambda: not alive(inspect_process))
            assert not alive(inspect_process)
