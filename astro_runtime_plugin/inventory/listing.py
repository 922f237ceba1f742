"""The live components, as the API and the Runtime page list them, from the record of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple


class RunningComponent(NamedTuple):
    """A live component: its host, image and release, and when it started (UTC, ISO 8601, to the second)."""

    component: str
    host: str
    image_tag: str
    release: str
    since: str


def to_record(running: RunningComponent, now: float, timeout: float) -> dict[str, Any]:
    """Return a component's record at `now`, in seconds since the epoch; it counts as dead after `timeout` seconds."""
    return {**running._asdict(), "until": now + timeout}


def live_records(records: Iterable[Mapping[str, Any]], now: float) -> Iterator[Mapping[str, Any]]:
    """Yield the records of the components that are alive at `now`."""
    return (record for record in records if record["until"] >= now)


def live_components(records: Iterable[Mapping[str, Any]], now: float) -> list[RunningComponent]:
    """Return the components that are alive at `now`, sorted; a component's processes on one host count once."""
    since: dict[RunningComponent, str] = {}
    for record in live_records(records, now):
        process = RunningComponent(*(record[name] for name in RunningComponent._fields))
        component = process._replace(since="")
        since[component] = min(process.since, since.get(component, process.since))
    return sorted(component._replace(since=started) for component, started in since.items())


def iso_utc(seconds: float) -> str:
    """Return seconds since the epoch as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
