"""Renders the Runtime page as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.parallelism.snapshot import Queue
from astro_runtime_plugin.task_logs.health import TaskLogsSummary
from astro_runtime_plugin.web.page.maintenance import MaintenanceStatus
from astro_runtime_plugin.web.schemas import FixStatus, Runtime, Setting

TEMPLATE = "astro_runtime/page.html"


class PageContents(NamedTuple):
    """Everything that the page shows; `component_settings` differ by component and come with their hosts."""

    runtime: Runtime
    maintenance: MaintenanceStatus | None
    components: list[RunningComponent]
    component_settings: list[tuple[Setting, list[str]]]
    fixes: list[FixStatus]
    queues: list[Queue]
    task_logs: TaskLogsSummary
    providers: list[tuple[str, str]]


def render(contents: PageContents) -> str:
    """Return the HTML to embed in a page of Airflow; every value in it is escaped."""
    return _environment().get_template(TEMPLATE).render(contents._asdict())


@cache
def _environment() -> Environment:
    loader = PackageLoader("astro_runtime_plugin.web")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(format_utc=format_utc, components_by_image=components_by_image)
    return environment


def components_by_image(
    components: Iterable[RunningComponent],
) -> Mapping[tuple[str, str], list[RunningComponent]]:
    """Return the components by image tag and release; the image that most components run comes first."""
    groups: dict[tuple[str, str], list[RunningComponent]] = {}
    for component in components:
        groups.setdefault((component.image_tag, component.release), []).append(component)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def format_utc(timestamp: str) -> str:
    """Return a timestamp in ISO 8601 (UTC) in a readable form."""
    return datetime.fromisoformat(timestamp).strftime("%Y-%m-%d %H:%M UTC")
