"""What a component records of the settings that it computes for itself."""

from __future__ import annotations

from typing import Any

from astro_runtime_plugin.inventory.component_settings import component_settings, hosts_by_setting
from entrypoint.defaults import ALL_DEFAULTS
from entrypoint.record import ResolvedSetting

CONCURRENCY = "AIRFLOW__CELERY__WORKER_CONCURRENCY"


def resolved(value: str) -> list[ResolvedSetting]:
    """Return every setting with this value."""
    return [
        ResolvedSetting(setting.documented, setting.documented, value, "Runtime", "5 × 2", True)
        for setting in ALL_DEFAULTS
    ]


def component_record(host: str, value: str, until: float = 10.0) -> dict[str, Any]:
    return {"host": host, "until": until, "settings": component_settings(resolved(value))}


def test_only_the_components_own_setting_is_recorded() -> None:
    (row,) = component_settings(resolved("10"))
    assert (row["variable"], row["value"], row["stock"], row["why"]) == (CONCURRENCY, "10", "16", "5 × 2")


def test_hosts_are_grouped_by_value_without_dead_components() -> None:
    records = [
        component_record("b", "10"),
        component_record("a", "10"),
        component_record("c", "40"),
        component_record("d", "10", until=8.0),
    ]
    groups = hosts_by_setting([*records, {"host": "e", "until": 10.0}], 9.0)
    assert [(row["value"], hosts) for row, hosts in groups] == [("10", ["a", "b"]), ("40", ["c"])]
