"""What a component records of the settings that it computes for itself."""

from __future__ import annotations

from astro_runtime_plugin.inventory.component_settings import component_settings, hosts_by_setting
from astro_runtime_plugin.inventory.listing import ComponentRow, RunningComponent, component_row
from entrypoint.defaults import ALL_DEFAULTS
from entrypoint.record import ResolvedSetting

CONCURRENCY = "AIRFLOW__CELERY__WORKER_CONCURRENCY"


def resolved(value: str) -> list[ResolvedSetting]:
    """Return every setting with this value."""
    return [
        ResolvedSetting(setting.documented, setting.documented, value, "Runtime", "5 × 2", True)
        for setting in ALL_DEFAULTS
    ]


def stored_row(host: str, value: str | None, until: float = 10.0) -> ComponentRow:
    """Return a worker's row; one without a `value` is an earlier release's, which has no settings."""
    worker = RunningComponent("celery worker", host, "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")
    settings = {"settings": component_settings(resolved(value))} if value else {}
    return ComponentRow.model_validate({**component_row(worker, until, 0.0), **settings})


def test_only_the_components_own_setting_is_recorded() -> None:
    (row,) = component_settings(resolved("10"))
    assert (row["variable"], row["value"], row["stock"], row["why"]) == (CONCURRENCY, "10", "16", "5 × 2")


def test_hosts_are_grouped_by_value_without_dead_components() -> None:
    rows = [
        stored_row("b", "10"),
        stored_row("a", "10"),
        stored_row("c", "40"),
        stored_row("d", "10", until=8.0),
    ]
    groups = hosts_by_setting([*rows, stored_row("e", None)], 9.0)
    assert [(row["value"], hosts) for row, hosts in groups] == [("10", ["a", "b"]), ("40", ["c"])]
