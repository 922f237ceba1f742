"""The living components, as the API and the Runtime page list them, of what each has recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple


class RunningComponent(NamedTuple):
    """A living component: where it runs, what image, and since when (UTC, ISO 8601, to the second)."""

    component: str
    host: str
    image_tag: str
    release: str
    since: str


def to_record(runs: RunningComponent, now: float, silence: float) -> dict[str, Any]:
    """Return what a component writes down at `now`, seconds since the epoch; after `silence` seconds it is dead."""
    return {**runs._asdict(), "until": now + silence}


def live_records(records: Iterable[Mapping[str, Any]], now: float) -> Iterator[Mapping[str, Any]]:
    """Return the records of the components that are not dead at `now`."""
    return (record for record in records if record["until"] >= now)


def live_components(records: Iterable[Mapping[str, Any]], now: float) -> list[RunningComponent]:
    """Return the components that are not dead at `now`, in order; the processes of one on one host count as one."""
    found: dict[RunningComponent, str] = {}
    for record in live_records(records, now):
        one = RunningComponent(*(record[name] for name in RunningComponent._fields))
        key = one._replace(since="")
        found[key] = min(one.since, found.get(key, one.since))
    return sorted(key._replace(since=since) for key, since in found.items())


def iso_utc(seconds: float) -> str:
    """Return seconds since the epoch as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
