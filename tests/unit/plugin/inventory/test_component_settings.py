"""What a component records of the settings that it has for itself alone."""

from __future__ import annotations

from typing import Any

from astro_runtime_plugin.inventory.component_settings import component_settings, hosts_by_setting
from entrypoint.defaults import ALL_DEFAULTS
from entrypoint.record import ResolvedSetting

CONCURRENCY = "AIRFLOW__CELERY__WORKER_CONCURRENCY"


def record(value: str) -> list[ResolvedSetting]:
    """Return a record of every setting, each with this value."""
    return [
        ResolvedSetting(one.documented, one.documented, value, "Runtime", "5 × 2", True)
        for one in ALL_DEFAULTS
    ]


def told(host: str, value: str, until: float = 10.0) -> dict[str, Any]:
    return {"host": host, "until": until, "settings": component_settings(record(value))}


def test_of_the_record_the_workers_own_setting_is_written_down() -> None:
    (row,) = component_settings(record("10"))
    assert (row["variable"], row["value"], row["stock"], row["why"]) == (CONCURRENCY, "10", "16", "5 × 2")


def test_hosts_with_the_same_value_stand_together_and_the_dead_nowhere() -> None:
    records = [told("b", "10"), told("a", "10"), told("c", "40"), told("d", "10", until=8.0)]
    found = hosts_by_setting([*records, {"host": "e", "until": 10.0}], 9.0)
    assert [(one.value, hosts) for one, hosts in found] == [("10", ["a", "b"]), ("40", ["c"])]
