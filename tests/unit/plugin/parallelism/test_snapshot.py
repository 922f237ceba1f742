"""What the schedulers record about the workers, and how the API groups it by queue."""

from __future__ import annotations

import json

from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.parallelism.snapshot import (
    PARALLELISM,
    SchedulerRow,
    group_by_queue,
    recorded_workers,
    scheduler_row,
    summarize,
)
from entrypoint.capacity import Calculation
from entrypoint.record import ResolvedSetting

A, B = Worker("a@one", 16, ("default",)), Worker("b@two", 4, ("default", "gpu"))


def limit_of(*workers: Worker) -> LimitState:
    limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
    limit.update(list(workers))
    return limit


def stored_row(*workers: Worker) -> SchedulerRow:
    """Return a scheduler's row as the database returns it."""
    return SchedulerRow.model_validate(json.loads(json.dumps(scheduler_row(limit_of(*workers)))))


def test_worker_is_listed_in_each_of_its_queues() -> None:
    queues = [queue.model_dump() for queue in group_by_queue([B, A])]
    a, b = {"name": "a@one", "pool": 16}, {"name": "b@two", "pool": 4}
    assert queues == [
        {"name": "default", "workers": [a, b], "pool": 20},
        {"name": "gpu", "workers": [b], "pool": 4},
    ]
    assert group_by_queue([]) == []


def test_worker_in_several_rows_counts_once() -> None:
    assert recorded_workers([stored_row(A, B), stored_row(B)]) == [A, B]


def test_summary_has_setting_limits_and_recorded_workers() -> None:
    setting = ResolvedSetting(PARALLELISM, PARALLELISM, "32", "Airflow", "because", exported=False)
    summary = summarize([setting], {"two": stored_row(B), "one": stored_row(A, B)})
    assert (summary.parallelism, summary.origin, summary.why) == ("32", "Airflow", "because")
    assert [(limit.scheduler, limit.parallelism) for limit in summary.schedulers] == [("one", 20), ("two", 4)]
    assert [queue.name for queue in summary.queues] == ["default", "gpu"]


def test_queried_workers_replace_recorded_ones() -> None:
    summary = summarize([], {"one": stored_row(A)}, [B])
    assert {worker.name for queue in summary.queues for worker in queue.workers} == {"b@two"}
    assert (summary.parallelism, summary.origin) == ("", "")
