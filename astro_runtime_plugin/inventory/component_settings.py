"""The settings that a component has for itself alone, beside the table: what its own container can take. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from astro_runtime_plugin.inventory.listing import live_records
from astro_runtime_plugin.options.settings import PER_COMPONENT, setting_rows
from astro_runtime_plugin.web.schemas import Setting
from entrypoint.record import ResolvedSetting


def component_settings(record: Iterable[ResolvedSetting]) -> list[dict[str, str]]:
    """Return what of a component's record is its own, as it writes it down."""
    return [row for row in setting_rows(record) if row["documented"] in PER_COMPONENT]


def hosts_by_setting(records: Iterable[Mapping[str, Any]], now: float) -> list[tuple[Setting, list[str]]]:
    """Return the own settings of the components that are not dead at `now`, with the hosts on which each is so."""
    found: dict[str, tuple[Setting, set[str]]] = {}
    for record in live_records(records, now):
        for row in record.get("settings", ()):  # what an earlier release has recorded has none
            setting = Setting(**row)
            found.setdefault(setting.model_dump_json(), (setting, set()))[1].add(record["host"])
    return [(setting, sorted(hosts)) for _, (setting, hosts) in sorted(found.items())]
