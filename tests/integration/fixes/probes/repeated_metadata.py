"""Looks at the providers; reports how often the metadata of each was read, and whose version is wrong."""

from __future__ import annotations

import sys
from collections import Counter
from importlib import import_module
from importlib.metadata import version
from typing import Any

from testing.proof import report

PROVIDERS = "apache_airflow_providers_"
read: Counter[str] = Counter()
metadata: Any = import_module("importlib.metadata" if sys.version_info >= (3, 12) else "importlib_metadata")
read_text: Any = metadata.PathDistribution.read_text


def read_and_count(distribution: Any, filename: str) -> Any:
    """Stand for what reads a file of a distribution."""
    if filename == "METADATA":
        read[distribution._path.name] += 1
    return read_text(distribution, filename)


metadata.PathDistribution.read_text = read_and_count

from airflow.providers_manager import ProvidersManager  # noqa: E402

managers: list[Any] = [ProvidersManager()]
try:
    managers.append(import_module("airflow.sdk.providers_manager_runtime").ProvidersManagerTaskRuntime())
except ImportError:  # Airflow 2 has no SDK
    pass
seen: list[Any] = [manager.providers for manager in managers]
counts = {count for name, count in read.items() if name.startswith(PROVIDERS)}
report(
    {
        "read": sorted(counts),
        "different": [
            name for providers in seen for name, info in providers.items() if info.version != version(name)
        ],
        "documented": all(
            str(info.data.get("documentation-url")).startswith("https:")
            for providers in seen
            for info in providers.values()
        ),
    }
)
