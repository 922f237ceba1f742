"""The settings that each component computes for itself, from what its own container can take. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from astro_runtime_plugin.inventory.listing import ComponentRow, live_rows
from astro_runtime_plugin.options.settings import PER_COMPONENT, setting_rows
from entrypoint.record import ResolvedSetting


def component_settings(record: Iterable[ResolvedSetting]) -> list[dict[str, str]]:
    """Return the settings in a component's record that it computed for itself, as they are stored."""
    return [row for row in setting_rows(record) if row["documented"] in PER_COMPONENT]


def hosts_by_setting(rows: Iterable[ComponentRow], now: float) -> list[tuple[dict[str, str], list[str]]]:
    """Return these settings of the components that are alive at `now`, each with the hosts that have it."""
    groups: dict[tuple[tuple[str, str], ...], set[str]] = {}
    for row in live_rows(rows, now):
        for setting in row.settings:
            groups.setdefault(tuple(setting.items()), set()).add(row.host)
    return [(dict(setting), sorted(hosts)) for setting, hosts in sorted(groups.items())]
