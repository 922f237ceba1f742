"""Airflow reads the metadata of a provider's distribution once when it looks at the installed providers.

A provider's name, version and links are in the metadata of its distribution, a text with the whole description. Python
reads and parses it each time it is asked for one of them. Airflow 3 asks four times for each provider, and its SDK four
times more: with 90 providers that is a tenth of what a task's pod does before the first line of its task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, wraps
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch

Find = Callable[[str], Iterator[tuple[Any, Any]]]


class ReadOnce:
    """A distribution whose metadata is read at most once, when it is asked for."""

    def __init__(self, distribution: Any) -> None:
        self._distribution = distribution

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the distribution."""
        return getattr(self._distribution, name)

    @cached_property
    def metadata(self) -> Any:
        """The metadata of the distribution."""
        return self._distribution.metadata

    @property
    def version(self) -> str:
        """The version of the distribution, which is part of its metadata."""
        version: str = self.metadata["Version"]
        return version


def read_once(find: Find) -> Find:
    """Wrap what finds the entry points of a group, each with its distribution."""

    @wraps(find)
    def entry_points_with_dist(group: str) -> Iterator[tuple[Any, Any]]:
        return ((entry_point, ReadOnce(distribution)) for entry_point, distribution in find(group))

    return entry_points_with_dist


def look_once(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes a module that looks at the providers, which Airflow's own start does: later is too late."""

    def execute_and_wrap(module: ModuleType) -> None:
        execute(module)
        module.entry_points_with_dist = read_once(module.entry_points_with_dist)  # type: ignore[attr-defined]

    return execute_and_wrap


DISCOVERY = "_shared.providers_discovery.providers_discovery"
SOURCE = ("4235fc5b2a60ecca",)
FIX = Fix(
    id="repeated-metadata",
    title="Airflow reads the metadata of each provider once when it looks at the providers",
    symptom="Each airflow command, and each pod of KubernetesExecutor, takes a tenth longer than it needs.",
    issue="",
    ends="Airflow reads the metadata of each provider once, or Python keeps what it has read.",
    patches=(
        Patch(f"airflow.{DISCOVERY}", WHOLE_MODULE, SOURCE, look_once, ("3.3",)),
        Patch(f"airflow.sdk.{DISCOVERY}", WHOLE_MODULE, SOURCE, look_once, ("3.3",)),
        Patch("airflow.providers_manager", WHOLE_MODULE, ("644e973db1c5d42e",), look_once, ("2.11",)),
    ),
)
