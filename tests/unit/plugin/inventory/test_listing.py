"""The live components, from their records."""

from __future__ import annotations

from astro_runtime_plugin.inventory.listing import (
    ComponentRow,
    RunningComponent,
    component_row,
    iso_utc,
    live_components,
)

WORKER = RunningComponent("celery worker", "a", "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")


def test_component_is_alive_until_its_timeout() -> None:
    row = ComponentRow.model_validate(component_row(WORKER, 1000.0, 30.0))
    assert live_components([row], 1030.0) == [WORKER]
    assert live_components([row], 1030.1) == []


def test_processes_of_a_component_count_once_since_the_first() -> None:
    later = WORKER._replace(since="2026-11-24T11:00:00+00:00")
    elsewhere = WORKER._replace(host="b", image_tag="orders:6")
    rows = [
        ComponentRow.model_validate(component_row(component, 0.0, 1.0))
        for component in (later, WORKER, elsewhere)
    ]
    assert live_components(rows, 0.0) == [WORKER, elsewhere]


def test_component_that_only_ends_is_alive() -> None:
    values = [component_row(WORKER, 1000.0, 30.0) | ending for ending in ({}, {"ending": True})]
    rows = [ComponentRow.model_validate(value) for value in values]
    assert [row.ending for row in rows] == [False, True]
    assert live_components(rows, 1000.0) == [WORKER]


def test_time_is_in_utc() -> None:
    assert iso_utc(0.9) == "1970-01-01T00:00:00+00:00"
