"""The installed Airflow providers."""

from __future__ import annotations

from functools import cache
from importlib.metadata import Distribution, distributions

ENTRY_POINT_GROUP = "apache_airflow_provider"  # by which Airflow itself discovers providers


@cache
def installed_providers() -> list[tuple[str, str]]:
    """Return name and version of each installed provider, by name."""
    installed: dict[str, Distribution] = {}
    for distribution in distributions():
        if name := distribution.metadata["Name"]:
            installed.setdefault(name.lower(), distribution)  # Python imports the first on its path
    return sorted((name, provider.version) for name, provider in installed.items() if _is_provider(provider))


def _is_provider(distribution: Distribution) -> bool:
    return any(entry.group == ENTRY_POINT_GROUP for entry in distribution.entry_points)
