"""The scheduler's bound follows the workers that answer, through each broker; Airflow's own metrics say so."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from testing.celery_cluster import PYTHON, Cluster, asking, cluster, until
from testing.database_setup import alive
from testing.servers import Postgres, rabbitmq, redis

BROKERS: dict[str, Callable[[], AbstractContextManager[str]]] = {"redis": redis, "rabbitmq": rabbitmq}
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
AWAY = "the broker cannot be asked"


@pytest.fixture
def database(metadata: Postgres, request: pytest.FixtureRequest) -> str:
    name = "".join(sign if sign.isalnum() else "_" for sign in request.node.name.lower())[:60]
    return metadata.create(name, "migrated")


@pytest.fixture
def broker() -> Iterator[str]:
    with redis() as url:
        yield url


def follows(made: Cluster, bound: int) -> Callable[[], bool]:
    return lambda: (
        made.open_slots() == bound and made.metrics.gauges.get("astro_runtime.parallelism") == bound
    )


@pytest.mark.parametrize("kind", BROKERS)
def test_the_bound_follows_the_workers(tmp_path: Path, database: str, kind: str) -> None:
    with contextlib.ExitStack() as servers:
        url = servers.enter_context(BROKERS[kind]())
        with cluster(tmp_path, database, url) as made:
            scheduler = made.scheduler()
            assert made.open_slots() == 32, "Airflow's own, before the first answer"
            small = made.worker("small", "-c", "2", "-q", "default")
            until(follows(made, 2), scheduler)
            scaled, leaving = made.workers(
                ("scaled", "--autoscale", "6,1", "-q", "high,low"), ("leaving", "-c", "1", "-q", "default")
            )
            until(follows(made, 9), scheduler)
            assert made.metrics.gauges["astro_runtime.workers"] == 3
            assert "Parallelism is 9: 1×1 default + 1×2 default + 1×6 high, low" in scheduler.log
            shown_workers(made)
            control = Celery(broker=url, set_as_current=False).control
            control.autoscale(max=5, min=1, destination=[node(scaled.log)])
            control.pool_grow(2, destination=[node(small.log)])
            until(follows(made, 10), scheduler)
            scaled.kill(signal.SIGKILL)
            leaving.process.terminate()
            until(follows(made, 4), scheduler)
            servers.close()
            until(lambda: AWAY in scheduler.log, scheduler)
            until(beats(made), scheduler)
            assert made.open_slots() == 4
            assert scheduler.log.count(AWAY) == 1


def beats(made: Cluster, times: int = 10) -> Callable[[], bool]:
    """Return what tells whether the scheduler's loop has come round so many more times."""
    end = made.metrics.sent["executor.open_slots"] + times
    return lambda: made.metrics.sent["executor.open_slots"] >= end


def node(log: str) -> str:
    """Return the worker's node name, of the line with which it says that it is ready."""
    found = re.search(r"(\S+@\S+) ready\.", log)
    assert found
    return found[1]


def shown_workers(made: Cluster) -> None:
    """The command tells the workers by queue, and the bound in force."""
    done = made.asked(str(PYTHON / "astro-runtime"), "workers", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {queue["name"]: queue["pool"] for queue in told["queues"]} == {"default": 3, "high": 6, "low": 6}
    assert [one["parallelism"] for one in told["schedulers"]] == [9]


def test_an_operators_parallelism_stays_and_nobody_asks(tmp_path: Path, database: str, broker: str) -> None:
    with cluster(tmp_path, database, broker) as made:
        made.worker("small", "-c", "2")
        scheduler = made.scheduler(**{PARALLELISM: "32"})
        assert made.open_slots() == 32
        assert "follows the workers" not in scheduler.log
        assert asking(scheduler.process.pid) == []


def test_it_starts_from_the_queues_that_are_told_and_stays_under_their_ceiling(
    tmp_path: Path, database: str, broker: str
) -> None:
    queues = [{"name": "default", "min_worker_count": 2, "max_worker_count": 3, "worker_concurrency": 3}]
    told = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": json.dumps(queues)}
    why = "1×10 default = 10, no more than the 9 of max_worker_count"
    with cluster(tmp_path, database, broker, **told) as made:
        scheduler = made.scheduler()
        assert made.open_slots() == 6
        made.worker("large", "-c", "10")
        until(follows(made, 9), scheduler)
        assert f"Parallelism is 9: {why}" in scheduler.log
        assert f"9 = {why}" in made.asked(str(PYTHON / "astro-runtime"), "workers").stdout


def test_a_broker_that_is_frozen_blocks_nothing(tmp_path: Path, database: str, broker: str) -> None:
    with cluster(tmp_path, database, broker) as made:
        scheduler = made.scheduler()
        made.worker("small", "-c", "2")
        until(follows(made, 2), scheduler)
        with frozen(broker):
            until(lambda: AWAY in scheduler.log, scheduler)
            until(beats(made), scheduler)
            assert made.open_slots() == 2
        made.worker("late", "-c", "1")
        until(follows(made, 3), scheduler)
        assert scheduler.log.count(AWAY) == 1


@contextlib.contextmanager
def frozen(broker: str) -> Iterator[None]:
    """Stop a Redis, which takes connections and answers none."""
    server = Redis.from_url(broker).info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def test_the_process_that_asks_ends_with_a_scheduler_that_is_killed(
    tmp_path: Path, database: str, broker: str
) -> None:
    with cluster(tmp_path, database, broker) as made:
        scheduler = made.scheduler()
        until(lambda: asking(scheduler.process.pid) != [], scheduler)
        (asks,) = asking(scheduler.process.pid)
        with scheduler.family(), frozen(broker):
            os.kill(scheduler.process.pid, signal.SIGKILL)
            until(lambda: not alive(asks))
