"""The live components, as the API and the Runtime page list them, from the row of each. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, Field

from astro_runtime_plugin.options.settings import ROW_FIELDS
from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, single_line

MAX_FIELD_LENGTH = 1000  # characters of a setting's field
MAX_SETTINGS = 50


class RunningComponent(NamedTuple):
    """A live component: its host, image and release, and when it started (UTC, ISO 8601, to the second)."""

    component: str
    host: str
    image_tag: str
    release: str
    since: str


def _check_timestamp(text: str) -> str:
    datetime.fromisoformat(text)  # raises ValueError
    return text


def _check_setting(row: dict[str, str]) -> dict[str, str]:
    if missing := {*ROW_FIELDS} - row.keys():
        raise ValueError(f"{', '.join(sorted(missing))} must be present")
    return {field: single_line(row[field], MAX_FIELD_LENGTH) for field in ROW_FIELDS}


Label = Annotated[str, AfterValidator(single_line)]
HostName = Annotated[str, AfterValidator(lambda text: single_line(text, MAX_NAME_LENGTH))]
Timestamp = Annotated[str, AfterValidator(_check_timestamp)]
StoredSetting = Annotated[dict[str, str], AfterValidator(_check_setting)]


class ComponentRow(BaseModel):
    """A component's row in the database; it counts as alive until `until`, in seconds since the epoch.

    `settings` are those that it computed for itself; an earlier release's row has none. `ending` says that it begins
    nothing new, and waits for what it has begun.
    """

    component: Label
    host: HostName
    image_tag: Label
    release: Label
    since: Timestamp
    until: Annotated[float, Field(allow_inf_nan=False)]
    settings: Annotated[list[StoredSetting], Field(max_length=MAX_SETTINGS)] = []
    ending: bool = False

    @property
    def running(self) -> RunningComponent:
        """The component, as it is listed."""
        return RunningComponent(self.component, self.host, self.image_tag, self.release, self.since)


def component_row(running: RunningComponent, now: float, timeout: float) -> dict[str, Any]:
    """Return a component's row at `now`, in seconds since the epoch; it counts as dead after `timeout` seconds."""
    return {**running._asdict(), "until": now + timeout}


def live_rows(rows: Iterable[ComponentRow], now: float) -> Iterator[ComponentRow]:
    """Yield the rows of the components that are alive at `now`."""
    return (row for row in rows if row.until >= now)


def live_components(rows: Iterable[ComponentRow], now: float) -> list[RunningComponent]:
    """Return the components that are alive at `now`, sorted; a component's processes on one host count once."""
    return merge_processes(live_rows(rows, now))


def merge_processes(rows: Iterable[ComponentRow]) -> list[RunningComponent]:
    """Return the components of the rows, sorted; a component's processes on one host count once."""
    since: dict[RunningComponent, str] = {}
    for row in rows:
        process = row.running
        component = process._replace(since="")
        since[component] = min(process.since, since.get(component, process.since))
    return sorted(component._replace(since=started) for component, started in since.items())


def iso_utc(seconds: float) -> str:
    """Return seconds since the epoch as UTC in ISO 8601, to the second."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
