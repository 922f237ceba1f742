"""The limit that follows from the workers' answers: calculation, initial and maximum limit, time-outs, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.parallelism.bounds import MAX_LOST_TASKS, MAX_POOL, MAX_WHY
from astro_runtime_plugin.parallelism.limit import (
    HOLD_SECONDS,
    LOST_TASK_MEMORY,
    WORKER_TIMEOUT,
    LimitState,
    Worker,
    sum_pools,
)
from astro_runtime_plugin.parallelism.reply_mailbox import ANSWER_SECONDS
from astro_runtime_plugin.parallelism.worker_inspector import PAUSE_SECONDS, broker_settings
from entrypoint.capacity import Calculation

A, B = Worker("a@host", 16, ("default",)), Worker("b@host", 4, ("gpu", "high"))
INITIAL = Calculation(32, "no worker has answered")


def no_maximum(_: int) -> None:
    """Return no maximum."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_calculation_groups_workers_of_one_kind() -> None:
    total = sum_pools([A, B, A._replace(name="c@host"), Worker("paused@host", 9, ())])
    assert (total.value, total.why) == (36, "2×16 default + 1×4 gpu, high")


@given(st.lists(st.tuples(st.integers(1, 99), st.sampled_from([("default",), ("a", "b")]))))
def test_limit_is_the_sum_of_the_pools(pools: list[tuple[int, tuple[str, ...]]]) -> None:
    limit = LimitState(INITIAL, no_maximum)
    limit.update([Worker(str(index), pool, queues) for index, (pool, queues) in enumerate(pools)])
    assert limit.value == (sum(pool for pool, _ in pools) or INITIAL.value)


def test_worker_counts_until_its_timeout() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    assert limit.update([A, B])
    clock.now += WORKER_TIMEOUT - 1
    assert not limit.update([A])
    assert limit.value == 20
    clock.now += 1
    assert limit.update([A])
    assert (limit.value, limit.workers) == (16, [A])


def test_last_limit_is_kept_then_initial_limit_returns() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    limit.update([A])
    clock.now += HOLD_SECONDS - 1
    assert not limit.update([])
    assert limit.value == 16
    clock.now += 1
    assert limit.update([])
    assert (limit.value, limit.calculation.why) == (32, INITIAL.why)
    limit.update([B])
    assert limit.value == 4


def test_time_without_the_broker_does_not_count() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    limit.update([A, B])
    clock.now += HOLD_SECONDS
    limit.hold()
    assert not limit.update([])
    assert limit.value == 20
    clock.now += HOLD_SECONDS - 1
    assert not limit.update([])
    assert (limit.value, limit.workers) == (20, [])
    clock.now += 1
    assert limit.update([])
    assert limit.value == 32


def test_workers_may_return_one_by_one_after_the_broker() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    limit.update([A, B])
    clock.now += WORKER_TIMEOUT
    limit.hold()
    clock.now += WORKER_TIMEOUT - 1
    assert not limit.update([A])
    assert limit.value == 20


def test_killed_worker_stops_counting_within_30_seconds() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    round_seconds = PAUSE_SECONDS + 3 * ANSWER_SECONDS + 1  # three queries, on a busy machine
    killed_at = clock.now
    clock.now += round_seconds
    limit.update([A, B])  # it answered just before
    while limit.value == 20:
        clock.now += round_seconds
        limit.update([A])
    assert limit.value == 16
    assert clock.now - killed_at <= 30


def test_task_that_no_worker_runs_is_lost_while_a_worker_answers() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    limit.update([A, B], ["of a", "of b"])
    assert limit.snapshot.lost == set()
    clock.now += WORKER_TIMEOUT - 1
    limit.update([A], ["of a"])
    assert limit.snapshot.lost == set()
    clock.now += 1
    limit.update([A], ["of a"])
    assert (limit.value, {*limit.snapshot.lost}) == (16, {"of b"})
    limit.update([A], ["of a", "of b"])  # the broker has given it to another worker
    assert limit.snapshot.lost == set()
    clock.now += WORKER_TIMEOUT
    limit.update([])
    # The last limit is held, with those tasks in it.
    assert (limit.value, {*limit.snapshot.lost}) == (16, set())
    limit.update([B])
    assert (limit.value, {*limit.snapshot.lost}) == (4, {"of a", "of b"})
    clock.now += LOST_TASK_MEMORY
    limit.update([B])
    assert limit.snapshot.lost == set()


def test_no_task_is_lost_while_the_broker_is_unreachable() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    limit.update([A], ["of a"])
    clock.now += WORKER_TIMEOUT
    limit.hold()
    limit.update([A])
    assert limit.snapshot.lost == set()


def test_maximum_depends_on_the_largest_worker() -> None:
    limit = LimitState(INITIAL, lambda largest: 3 * largest)
    limit.update([B._replace(name=str(number)) for number in range(4)])
    assert limit.calculation.why == "4×4 gpu, high = 16, no more than the 12 of max_worker_count"
    limit.update([A])
    assert limit.value == 32


def test_maximum_caps_the_limit() -> None:
    limit = LimitState(INITIAL, lambda _: 10)
    limit.update([A])
    assert limit.value == 10
    assert limit.calculation.why == "1×16 default = 16, no more than the 10 of max_worker_count"
    limit.update([A._replace(pool=10)])
    assert limit.calculation.why == "1×10 default"


def test_broker_settings_contain_nothing_else() -> None:
    conf = {"broker_url": "redis://x", "broker_use_ssl": None, "result_backend": "db+postgresql://secret"}
    assert broker_settings(conf) == {"broker_url": "redis://x"}


def test_setting_that_is_off_is_passed_on_if_celery_has_it_on() -> None:
    conf = {"broker_heartbeat": None, "broker_pool_limit": None, "broker_login_method": None}
    assert broker_settings(conf) == {"broker_heartbeat": None, "broker_pool_limit": None}


@pytest.mark.parametrize(
    ("pools", "value"),
    [((16, -1000), 16), ((-1000,), 32), ((16, 10**9), 16 + MAX_POOL), ((MAX_POOL,), MAX_POOL)],
)
def test_absurd_pool_neither_stops_nor_floods_the_scheduler(pools: tuple[int, ...], value: int) -> None:
    limit = LimitState(INITIAL, no_maximum)
    limit.update([Worker(str(index), pool, ("default",)) for index, pool in enumerate(pools)])
    assert limit.value == value


@pytest.mark.parametrize(("kinds", "left"), [(90, 0), (5000, 4905)])
def test_calculation_has_a_bounded_length(kinds: int, left: int) -> None:
    total = sum_pools(Worker(str(number), 1, (f"queue_{number:08}",)) for number in range(kinds))
    assert total.value == kinds
    assert len(total.why) <= MAX_WHY + len(f" + {kinds} more kinds of workers")
    assert (f" + {left} more kinds of workers" in total.why) is bool(left)


def test_bounded_number_of_lost_tasks_is_remembered() -> None:
    clock = Clock()
    limit = LimitState(INITIAL, no_maximum, clock)
    for number in range(3):
        limit.update([A], [f"{number}-{task}" for task in range(MAX_LOST_TASKS // 2)])
        clock.now += WORKER_TIMEOUT
    limit.update([A], ["active"])
    assert len(limit.snapshot.lost) == MAX_LOST_TASKS - 1
    assert f"2-{MAX_LOST_TASKS // 2 - 1}" in limit.snapshot.lost
    assert "0-0" not in limit.snapshot.lost
