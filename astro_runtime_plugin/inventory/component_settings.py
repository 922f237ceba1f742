"""The settings that each component computes for itself, from what its own container can take. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from astro_runtime_plugin.inventory.listing import live_records
from astro_runtime_plugin.options.settings import PER_COMPONENT, setting_rows
from entrypoint.record import ResolvedSetting


def component_settings(record: Iterable[ResolvedSetting]) -> list[dict[str, str]]:
    """Return the settings in a component's record that it computed for itself, as they are stored."""
    return [row for row in setting_rows(record) if row["documented"] in PER_COMPONENT]


def hosts_by_setting(
    records: Iterable[Mapping[str, Any]], now: float
) -> list[tuple[dict[str, str], list[str]]]:
    """Return these settings of the components that are alive at `now`, each with the hosts that have it."""
    groups: dict[tuple[tuple[str, str], ...], set[str]] = {}
    for record in live_records(records, now):
        for row in record.get("settings", ()):  # an earlier release's record has none
            groups.setdefault(tuple(row.items()), set()).add(record["host"])
    return [(dict(row), sorted(hosts)) for row, hosts in sorted(groups.items())]
