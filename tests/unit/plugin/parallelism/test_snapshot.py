"""What the schedulers record about the workers, and how the API groups it by queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH
from astro_runtime_plugin.parallelism.bounds import (
    MAX_POOL,
    MAX_QUEUES,
    MAX_WHY,
    MAX_WORKERS,
)
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


@pytest.mark.parametrize(
    "change",
    [
        {"parallelism": -1},
        {"parallelism": 10**12},
        {"workers": [["a", -1, ["default"]]]},
        {"workers": [["a", MAX_POOL + 1, ["default"]]]},
        {"workers": [["a", 1, ["q"] * (MAX_QUEUES + 1)]]},
        {"workers": [["a", 1, ["q"]]] * (MAX_WORKERS + 1)},
        {"workers": [["a"]]},
        {"workers": None},
        {"why": None},
    ],
    ids=lambda change: str(change)[:60],
)
def test_row_beyond_the_limits_is_invalid(change: dict[str, Any]) -> None:
    row = json.loads(json.dumps(scheduler_row(limit_of(A, B))))
    SchedulerRow.model_validate({**row, "parallelism": MAX_WORKERS * MAX_POOL})
    SchedulerRow.model_validate({**row, "workers": [["a", MAX_POOL, ["q"] * MAX_QUEUES]] * MAX_WORKERS})
    with pytest.raises(ValidationError):
        SchedulerRow.model_validate({**row, **change})


def test_texts_in_a_row_are_printable_and_bounded() -> None:
    row = SchedulerRow.model_validate(
        {"parallelism": 1, "why": "\x1b[2J" + "x" * 10**6, "workers": [["a\n" + "x" * 10**6, 1, ["q\r"]]]}
    )
    assert row.why.startswith(r"\x1b[2Jxxx")
    assert len(row.why) <= 2 * MAX_WHY
    ((name, _, queues),) = row.workers
    assert name.startswith(r"a\nxxx")
    assert len(name) == MAX_NAME_LENGTH
    assert queues == (r"q\r",)
