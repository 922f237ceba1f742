"""Which requests for pods are left when tasks were revoked; the proof shows the rest with a real executor."""

from __future__ import annotations

from queue import Queue
from types import SimpleNamespace
from typing import Any

from astro_runtime_plugin.fixes.pod_creation_outage import remember_revoked, remove_requests_before


class CountingQueue(Queue[Any]):
    """Counts what is taken."""

    taken = 0

    def get_nowait(self) -> Any:
        self.taken += 1
        return super().get_nowait()


class Executor:
    """Has a queue of requests for pods."""

    supports_task_instance_uuid = False

    def __init__(self) -> None:
        self.task_queue = CountingQueue()

    @remember_revoked
    def revoke_task(self, *, ti: Any) -> None:
        """Leave the request."""

    @remove_requests_before
    def execute_async(self, key: int) -> None:
        self.task_queue.put(SimpleNamespace(key=key))

    def keys(self) -> list[int]:
        return [request.key for request in self.task_queue.queue]


def test_requests_of_revoked_tasks_are_removed_in_one_pass_and_their_next_ones_stay() -> None:
    executor = Executor()
    for key in range(100):
        executor.execute_async(key)
    for key in range(50):
        executor.revoke_task(ti=SimpleNamespace(key=key))
    assert executor.task_queue.taken == 0
    executor.execute_async(0)
    executor.execute_async(1)
    assert executor.keys() == [*range(50, 100), 0, 1]
    assert executor.task_queue.taken == 100


def test_task_without_a_request_gets_its_next_one() -> None:
    executor = Executor()
    executor.revoke_task(ti=SimpleNamespace(key=1))
    executor.execute_async(1)
    assert executor.keys() == [1]
