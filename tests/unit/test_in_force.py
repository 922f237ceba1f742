"""What is read as CeleryExecutor's parallelism, while workers go with tasks that still count as running."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from astro_runtime_plugin.following.in_force import InForce


class Workers:
    """Stands for a Bound: what the workers take that answer, and what those took that have gone."""

    def __init__(self) -> None:
        self.value = 32
        self.gone: dict[str, int] = {}


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
def force(workers: Workers) -> InForce:
    made = InForce(workers, 0)  # type: ignore[arg-type]
    made.executor = SimpleNamespace(running={*range(32)})
    return made


def free(force: InForce) -> int:
    """Return how many slots are free, as Airflow's executors count them."""
    return force.of_celery(32) - len(force.executor.running)


def test_tasks_of_a_worker_that_has_gone_take_no_slots_of_the_others(
    workers: Workers, force: InForce
) -> None:
    assert free(force) == 0
    workers.value, workers.gone = 16, {"a": 16}
    assert free(force) == 0
    force.executor.running -= {*range(10)}  # of the other worker's
    assert free(force) == 10
    force.executor.running |= {*range(100, 110)}
    assert free(force) == 0
    force.executor.running -= {*range(32)}  # with the tasks that it held its slots have ended
    assert free(force) == 6


def test_slots_that_were_free_when_a_worker_went_go_with_it(workers: Workers, force: InForce) -> None:
    force.executor.running = {1, 2}
    workers.value, workers.gone = 16, {"a": 16}
    assert free(force) == 16
    force.executor.running = {3}
    assert free(force) == 15


def test_a_worker_that_comes_back_counts_once(workers: Workers, force: InForce) -> None:
    workers.value, workers.gone = 16, {"a": 16}
    assert force.of_celery(32) == 32
    workers.value, workers.gone = 32, {}
    assert force.of_celery(32) == 32


def test_it_is_never_less_than_what_runs(workers: Workers, force: InForce) -> None:
    workers.value = 2
    assert free(force) == 0
