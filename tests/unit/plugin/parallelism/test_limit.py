"""The bound that follows from the workers' answers: pools, arithmetic, floor, ceiling, and what stands how long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.parallelism.inspect_process import (
    ANSWER_SECONDS,
    PAUSE_SECONDS,
    broker_settings,
    runs_airflow_tasks,
)
from astro_runtime_plugin.parallelism.limit import (
    HOLD_SECONDS,
    LOST_TASK_MEMORY,
    WORKER_TIMEOUT,
    LimitState,
    Worker,
    pool_size,
    sum_pools,
)
from entrypoint.capacity import Calculation

A, B = Worker("a@host", 16, ("default",)), Worker("b@host", 4, ("gpu", "high"))
FLOOR = Calculation(32, "no worker has answered")


def no_ceiling(_: int) -> None:
    """Bound nothing."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("stats", "size"),
    [
        ({"pool": {"max-concurrency": 4, "processes": [1, 2, 3, 4]}}, 4),
        ({"pool": {"max-concurrency": 4, "processes": [1, 2, 3, 4, 5]}}, 5),  # pool_grow
        ({"pool": {"max-concurrency": 8, "processes": [1]}, "autoscaler": {"max": 8, "min": 1}}, 8),
        ({"pool": {"max-concurrency": 1, "processes": [7]}, "autoscaler": None}, 1),  # solo
        ({"pool": {"max-concurrency": 10, "threads": 0}}, 10),
        ({"pool": {}}, 0),
        ({}, 0),
    ],
)
def test_pool_size(stats: dict[str, Any], size: int) -> None:
    assert pool_size(stats) == size


def test_arithmetic_counts_workers_of_one_kind_together() -> None:
    summed = sum_pools([A, B, A._replace(name="c@host"), Worker("paused@host", 9, ())])
    assert (summed.value, summed.why) == (36, "2×16 default + 1×4 gpu, high")


@given(st.lists(st.tuples(st.integers(1, 99), st.sampled_from([("default",), ("a", "b")]))))
def test_the_bound_is_the_sum(pools: list[tuple[int, tuple[str, ...]]]) -> None:
    bound = LimitState(FLOOR, no_ceiling)
    bound.update([Worker(str(place), pool, queues) for place, (pool, queues) in enumerate(pools)])
    assert bound.value == (sum(pool for pool, _ in pools) or FLOOR.value)


def test_a_worker_that_misses_one_round_still_counts_and_one_that_has_gone_does_not() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    assert bound.update([A, B])
    clock.now += WORKER_TIMEOUT - 1
    assert not bound.update([A])
    assert bound.value == 20
    clock.now += 1
    assert bound.update([A])
    assert (bound.value, bound.workers) == (16, [A])


def test_the_last_bound_stands_and_then_the_floor() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    bound.update([A])
    clock.now += HOLD_SECONDS - 1
    assert not bound.update([])
    assert bound.value == 16
    clock.now += 1
    assert bound.update([])
    assert (bound.value, bound.limit.why) == (32, FLOOR.why)
    bound.update([B])
    assert bound.value == 4


def test_the_time_that_the_broker_is_away_does_not_count() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    bound.update([A, B])
    clock.now += HOLD_SECONDS
    bound.hold()
    assert not bound.update([])
    assert bound.value == 20
    clock.now += HOLD_SECONDS - 1
    assert not bound.update([])
    assert (bound.value, bound.workers) == (20, [])
    clock.now += 1
    assert bound.update([])
    assert bound.value == 32


def test_workers_come_back_one_by_one_after_the_broker() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    bound.update([A, B])
    clock.now += WORKER_TIMEOUT
    bound.hold()
    clock.now += WORKER_TIMEOUT - 1
    assert not bound.update([A])
    assert bound.value == 20


def test_a_worker_that_is_killed_counts_no_more_within_half_a_minute() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    longest = PAUSE_SECONDS + 3 * ANSWER_SECONDS + 1  # a round of three questions, and of a busy machine
    killed = clock.now
    clock.now += longest
    bound.update([A, B])  # it answered just before
    while bound.value == 20:
        clock.now += longest
        bound.update([A])
    assert bound.value == 16
    assert clock.now - killed <= 30


def test_a_task_that_no_worker_runs_any_more_is_lost_while_a_worker_answers() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    bound.update([A, B], ["of a", "of b"])
    assert bound.snapshot.lost == set()
    clock.now += WORKER_TIMEOUT - 1
    bound.update([A], ["of a"])
    assert bound.snapshot.lost == set()
    clock.now += 1
    bound.update([A], ["of a"])
    assert (bound.value, {*bound.snapshot.lost}) == (16, {"of b"})
    bound.update([A], ["of a", "of b"])  # the broker has handed it to another worker
    assert bound.snapshot.lost == set()
    clock.now += WORKER_TIMEOUT
    bound.update([])
    assert (bound.value, {*bound.snapshot.lost}) == (16, set())  # the last bound stands, for those tasks, too
    bound.update([B])
    assert (bound.value, {*bound.snapshot.lost}) == (4, {"of a", "of b"})
    clock.now += LOST_TASK_MEMORY
    bound.update([B])
    assert bound.snapshot.lost == set()


def test_nothing_is_lost_while_the_broker_is_away() -> None:
    clock = Clock()
    bound = LimitState(FLOOR, no_ceiling, clock)
    bound.update([A], ["of a"])
    clock.now += WORKER_TIMEOUT
    bound.hold()
    bound.update([A])
    assert bound.snapshot.lost == set()


def test_the_ceiling_is_of_the_largest_worker() -> None:
    bound = LimitState(FLOOR, lambda largest: 3 * largest)
    bound.update([B._replace(name=str(number)) for number in range(4)])
    assert bound.limit.why == "4×4 gpu, high = 16, no more than the 12 of max_worker_count"
    bound.update([A])
    assert bound.value == 32


def test_the_ceiling_bounds_it() -> None:
    bound = LimitState(FLOOR, lambda _: 10)
    bound.update([A])
    assert bound.value == 10
    assert bound.limit.why == "1×16 default = 16, no more than the 10 of max_worker_count"
    bound.update([A._replace(pool=10)])
    assert bound.limit.why == "1×10 default"


@pytest.mark.parametrize(
    ("tasks", "airflows"),
    [
        (["execute_workload"], True),
        (["airflow.providers.celery.executors.celery_executor_utils.execute_command [queue=x]"], True),
        (["shop.tasks.send_invoice"], False),
        ([], False),
    ],
)
def test_another_celery_application_on_the_broker_does_not_count(tasks: list[str], airflows: bool) -> None:
    assert runs_airflow_tasks(tasks) is airflows


def test_settings_of_takes_what_reaches_the_broker_and_no_more() -> None:
    conf = {"broker_url": "redis://x", "broker_use_ssl": None, "result_backend": "db+postgresql://secret"}
    assert broker_settings(conf) == {"broker_url": "redis://x"}
