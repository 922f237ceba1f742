"""What is read as CeleryExecutor's parallelism, while workers go with tasks that still count as running."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from astro_runtime_plugin.parallelism.effective import EffectiveParallelism
from astro_runtime_plugin.parallelism.limit import HOLD_SECONDS, WORKER_TIMEOUT, LimitState, Worker
from entrypoint.capacity import Calculation

A, B = (Worker(f"{name}@host", 16, ("default",)) for name in "ab")
OF_A, OF_B = [*map(str, range(16))], [*map(str, range(100, 116))]


class Cluster:
    """A bound that hears workers, and an executor that has sent them tasks."""

    def __init__(self, attribute: str) -> None:
        self.clock = 0.0
        self.bound = LimitState(Calculation(32, "no worker has answered"), lambda _: None, lambda: self.clock)
        self.force = EffectiveParallelism(self.bound, 0)
        self.executor = SimpleNamespace(running=set())
        self.attribute = attribute
        self.force.executor = self.executor

    def sends(self, *tasks: str) -> None:
        """Let these be the tasks that count as running."""
        self.executor.running = {f"key of {task}" for task in tasks}
        results = {f"key of {task}": SimpleNamespace(task_id=task) for task in tasks}
        setattr(self.executor, self.attribute, results)

    def hears(self, *workers: Worker, active: list[str], after: float = WORKER_TIMEOUT) -> None:
        self.clock += after
        self.bound.update(workers, active)

    @property
    def free(self) -> int:
        """How many slots are free, as Airflow's executors count them."""
        return self.force.of_celery(32) - len(self.executor.running)


@pytest.fixture(params=["workloads", "tasks"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    made = Cluster(request.param)
    made.sends(*OF_A, *OF_B)
    made.hears(A, B, active=[*OF_A, *OF_B])
    assert made.free == 0
    return made


def test_tasks_of_a_worker_that_has_gone_take_no_slots_of_the_others(cluster: Cluster) -> None:
    cluster.hears(B, active=OF_B)
    assert cluster.free == 0
    cluster.hears(B, active=OF_B[:6])
    cluster.sends(*OF_A, *OF_B[:6])
    assert cluster.free == 10
    cluster.sends(*OF_B[:6])  # given up, or done
    assert cluster.free == 10


def test_an_idle_worker_that_goes_takes_its_slots_with_it(cluster: Cluster) -> None:
    cluster.sends(*OF_B)
    cluster.hears(B, active=OF_B)
    assert cluster.free == 0


def test_tasks_that_a_worker_lost_when_it_started_anew_take_none_of_its_slots(cluster: Cluster) -> None:
    cluster.hears(A, B, active=OF_B)
    assert cluster.free == 16


@pytest.mark.parametrize(("after", "free"), [(WORKER_TIMEOUT, 0), (HOLD_SECONDS + WORKER_TIMEOUT, 0)])
def test_the_last_worker_that_goes_leaves_no_free_slots(cluster: Cluster, after: float, free: int) -> None:
    cluster.hears(active=[])
    cluster.hears(active=[], after=after)
    assert cluster.free == free


def test_it_is_never_less_than_what_runs(cluster: Cluster) -> None:
    cluster.hears(B._replace(pool=2), active=[*OF_A, *OF_B])
    assert cluster.force.of_celery(32) == 32


def test_before_the_executor_has_started_it_is_the_bound(cluster: Cluster) -> None:
    cluster.force.executor = None
    assert cluster.force.of_celery(7) == 32
