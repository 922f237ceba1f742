"""An odd row in the Runtime's table is ignored: the page and the API show the others."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import insert

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.listing import RunningComponent, component_row
from astro_runtime_plugin.parallelism import snapshot
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from entrypoint.capacity import Calculation

pytestmark = pytest.mark.usefixtures("statements")

WORKER = RunningComponent("celery worker", "a", "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")
ALIVE = component_row(WORKER, 4e9, 30.0)
SCHEDULER = {"parallelism": 16, "why": "1×16 default", "workers": [["a@one", 16, ["default"]]]}


def assert_ignored(caplog: pytest.LogCaptureFixture, name: str) -> None:
    """Assert that exactly one line says that the row `name` is ignored."""
    lines = [record.getMessage() for record in caplog.records if "is ignored" in record.getMessage()]
    assert len(lines) == 1
    assert repr(name) in lines[0]


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {},
        {name: value for name, value in ALIVE.items() if name != "host"},
        {**ALIVE, "host": None},
        {**ALIVE, "until": "soon"},
        {**ALIVE, "until": float("inf")},
        {**ALIVE, "since": "yesterday"},
        {**ALIVE, "settings": [{"documented": "AIRFLOW__CELERY__WORKER_CONCURRENCY"}]},
        {**ALIVE, "settings": 1},
    ],
    ids=repr,
)
def test_invalid_component_row_is_ignored(caplog: pytest.LogCaptureFixture, row: Any) -> None:
    caplog.set_level(logging.DEBUG, logger="astro_runtime")
    state.put(recorder.KIND, "valid", ALIVE)
    state.put(recorder.KIND, "odd", row)
    assert recorder.current_components() == [WORKER]
    assert_ignored(caplog, "odd")


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        {**SCHEDULER, "parallelism": "many"},
        {**SCHEDULER, "workers": [["a@one"]]},
        {**SCHEDULER, "workers": None},
    ],
    ids=repr,
)
def test_invalid_scheduler_row_is_ignored(caplog: pytest.LogCaptureFixture, row: Any) -> None:
    caplog.set_level(logging.DEBUG, logger="astro_runtime")
    state.put(snapshot.KIND, "host:7", SCHEDULER)
    state.put(snapshot.KIND, "odd", row)
    workers = snapshot.latest_snapshot([])
    assert [scheduler.scheduler for scheduler in workers.schedulers] == ["host:7"]
    assert [queue.name for queue in workers.queues] == ["default"]
    assert_ignored(caplog, "odd")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000], ids=["empty", "truncated", "nested"])
def test_row_that_is_not_json_is_ignored(caplog: pytest.LogCaptureFixture, text: str) -> None:
    caplog.set_level(logging.DEBUG, logger="astro_runtime")
    state.put("kind", "valid", 1)
    row = {"kind": "kind", "name": "odd", "value": text, "updated_at": 0.0}
    in_transaction(lambda connection: connection.execute(insert(state.TABLE).values(row)))
    assert state.fetch("kind") == {"valid": 1}
    assert_ignored(caplog, "odd")


def test_row_of_a_scheduler_is_valid() -> None:
    limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
    limit.update([Worker("a@one", 16, ("default",))])
    state.put(snapshot.KIND, "host:7", snapshot.scheduler_row(limit))
    assert snapshot.fetch_rows()["host:7"].workers == [Worker("a@one", 16, ("default",))]
