"""CeleryExecutor's effective parallelism while workers vanish whose tasks still count as running."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from astro_runtime_plugin.parallelism.effective import EffectiveParallelism
from astro_runtime_plugin.parallelism.limit import HOLD_SECONDS, WORKER_TIMEOUT, LimitState, Worker
from entrypoint.capacity import Calculation

A, B = (Worker(f"{name}@host", 16, ("default",)) for name in "ab")
TASKS_OF_A, TASKS_OF_B = [*map(str, range(16))], [*map(str, range(100, 116))]


class SimulatedCluster:
    """A limit that receives workers' answers, and an executor that has sent them tasks."""

    def __init__(self, attribute: str) -> None:
        self.clock = 0.0
        self.limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None, lambda: self.clock)
        self.effective = EffectiveParallelism(self.limit, 0)
        self.executor = SimpleNamespace(running=set())
        self.attribute = attribute
        self.effective.executor = self.executor

    def send(self, *tasks: str) -> None:
        """Let these be the tasks that count as running."""
        self.executor.running = {f"key of {task}" for task in tasks}
        results = {f"key of {task}": SimpleNamespace(task_id=task) for task in tasks}
        setattr(self.executor, self.attribute, results)

    def answer(self, *workers: Worker, active: list[str], after: float = WORKER_TIMEOUT) -> None:
        self.clock += after
        self.limit.update(workers, active)

    @property
    def free(self) -> int:
        """The free slots, as Airflow's executors count them."""
        return self.effective.of_celery(32) - len(self.executor.running)


@pytest.fixture(params=["workloads", "tasks"])
def cluster(request: pytest.FixtureRequest) -> SimulatedCluster:
    cluster = SimulatedCluster(request.param)
    cluster.send(*TASKS_OF_A, *TASKS_OF_B)
    cluster.answer(A, B, active=[*TASKS_OF_A, *TASKS_OF_B])
    return cluster


def test_full_cluster_has_no_free_slots(cluster: SimulatedCluster) -> None:
    assert cluster.free == 0


def test_tasks_of_vanished_worker_do_not_occupy_slots_of_other_workers(cluster: SimulatedCluster) -> None:
    cluster.answer(B, active=TASKS_OF_B)
    assert cluster.free == 0
    cluster.answer(B, active=TASKS_OF_B[:6])
    cluster.send(*TASKS_OF_A, *TASKS_OF_B[:6])
    assert cluster.free == 10
    cluster.send(*TASKS_OF_B[:6])  # the others were given up, or have finished
    assert cluster.free == 10


def test_slots_of_vanished_idle_worker_are_not_free(cluster: SimulatedCluster) -> None:
    cluster.send(*TASKS_OF_B)
    cluster.answer(B, active=TASKS_OF_B)
    assert cluster.free == 0


def test_lost_tasks_of_restarted_worker_do_not_occupy_its_slots(cluster: SimulatedCluster) -> None:
    cluster.answer(A, B, active=TASKS_OF_B)
    assert cluster.free == 16


@pytest.mark.parametrize(("after", "free"), [(WORKER_TIMEOUT, 0), (HOLD_SECONDS + WORKER_TIMEOUT, 0)])
def test_last_worker_leaves_no_free_slots(cluster: SimulatedCluster, after: float, free: int) -> None:
    cluster.answer(active=[])
    cluster.answer(active=[], after=after)
    assert cluster.free == free


def test_parallelism_is_never_less_than_what_runs(cluster: SimulatedCluster) -> None:
    cluster.answer(B._replace(pool=2), active=[*TASKS_OF_A, *TASKS_OF_B])
    assert cluster.effective.of_celery(32) == 32


def test_parallelism_is_the_limit_before_the_executor_starts(cluster: SimulatedCluster) -> None:
    cluster.effective.executor = None
    assert cluster.effective.of_celery(7) == 32


def test_configured_parallelism_is_in_force_if_the_workers_cannot_be_queried() -> None:
    limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
    effective = EffectiveParallelism(limit, other_executors=2)
    assert (effective.of_celery(7), effective.over_all_executors(7)) == (32, 46)
    effective.follows = False
    assert (effective.of_celery(7), effective.over_all_executors(7)) == (7, 7)
