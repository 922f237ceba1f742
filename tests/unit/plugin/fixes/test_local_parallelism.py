from __future__ import annotations

from multiprocessing import SimpleQueue
from types import SimpleNamespace
from typing import Any

from astro_runtime_plugin.fixes.local_parallelism import count_tasks
from astro_runtime_plugin.fixes.support.pipe_room import is_writable


def test_workload_waits_in_the_executor_while_the_pipe_is_full() -> None:
    queue: Any = SimpleQueue()
    executor = SimpleNamespace(activity_queue=queue, running=set())
    processed: list[Any] = []
    process = count_tasks(lambda _, workloads: processed.extend(workloads))
    size = 0
    while is_writable(queue._writer):
        queue.put(bytes(4000))
        size += 1
    process(executor, ["a", "b"])
    assert processed == []
    for _ in range(size):
        queue.get()
    process(executor, ["a", "b"])
    assert processed == ["a", "b"]
