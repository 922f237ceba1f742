"""What machines report about their task logs: the row of each, and the totals."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.database import state
from astro_runtime_plugin.task_logs import health
from astro_runtime_plugin.task_logs.shipping.records import Status

pytestmark = pytest.mark.usefixtures("statements")

STATUS = Status(pending_bytes=5, lost_bytes=2, lag_seconds=0.5, updated=100)


@pytest.mark.parametrize(
    ("changes", "problem", "lag", "reported"),
    [
        ({}, "", 0.5, ""),
        ({}, "cannot be written", 0.5, "cannot be written"),
        ({"problem": "SlowDown", "problem_since": 70.0}, "", 30.0, "SlowDown"),
        ({"problem": "SlowDown", "problem_since": 70.0, "pending_bytes": 0}, "", 0.5, "SlowDown"),
        ({"problem_since": 200.0}, "", 0.5, ""),
        ({"lag_seconds": -1.0}, "", 0.0, ""),
    ],
)
def test_lag_is_as_long_as_the_store_takes_nothing(
    changes: dict[str, Any], problem: str, lag: float, reported: str
) -> None:
    row = health.machine_row(STATUS.model_copy(update=changes), problem, 100.0)
    assert (row["lag_seconds"], row["problem"]) == (lag, reported)


def test_metrics_are_those_of_the_row(mocker: MockerFixture) -> None:
    gauge = mocker.patch.object(health, "send_gauge")
    health.send_metrics(health.machine_row(STATUS, "", 100.0))
    assert [call.args for call in gauge.call_args_list] == [
        ("astro_runtime.task_logs.pending_bytes", 5),
        ("astro_runtime.task_logs.lost_bytes", 2),
        ("astro_runtime.task_logs.lag_seconds", 0.5),
    ]


def test_totals_are_those_of_all_machines() -> None:
    health.save_row("two", health.machine_row(STATUS, "", 100.0))
    health.save_row("one", health.machine_row(STATUS.model_copy(update={"lag_seconds": 7.0}), "", 100.0))
    summary = health.summarize("s3://logs", 30, health.fetch_machines())
    assert [machine.machine for machine in summary.machines] == ["one", "two"]
    assert (summary.pending_bytes, summary.lost_bytes, summary.lag_seconds) == (10, 4, 7.0)


def test_last_row_of_a_machine_counts() -> None:
    health.save_row("one", health.machine_row(STATUS, "", 100.0))
    health.save_row("one", health.machine_row(Status(), "", 100.0))
    assert [machine.pending_bytes for machine in health.fetch_machines()] == [0]


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {"pending_bytes": -1, "lost_bytes": 0, "lag_seconds": 0},
        {"pending_bytes": 0, "lost_bytes": 0, "lag_seconds": float("inf")},
        {"pending_bytes": 0, "lost_bytes": 0, "lag_seconds": 0, "problem": 7},
    ],
)
def test_row_that_is_none_is_ignored(row: Any) -> None:
    state.put(health.KIND, "one", row)
    assert health.fetch_machines() == []


def test_text_of_a_row_is_one_line() -> None:
    row = {
        "pending_bytes": 0,
        "lost_bytes": 0,
        "lag_seconds": 0,
        "problem": "a\r\nforged\x1b[31m" + "x" * 3000,
    }
    state.put(health.KIND, "one\n", row)
    (machine,) = health.fetch_machines()
    assert machine.machine.isprintable()
    assert machine.problem.isprintable()
    assert len(machine.problem) < 300
