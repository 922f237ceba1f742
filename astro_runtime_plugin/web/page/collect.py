"""Collects what the Runtime page shows, and renders it."""

from __future__ import annotations

import os
import time

from astro_runtime_plugin.inventory.component_settings import hosts_by_setting
from astro_runtime_plugin.inventory.listing import live_components
from astro_runtime_plugin.inventory.recorder import component_rows
from astro_runtime_plugin.parallelism.snapshot import latest_snapshot
from astro_runtime_plugin.releases.today import utc_today
from astro_runtime_plugin.task_logs.service import task_logs
from astro_runtime_plugin.updates.service import listed_releases
from astro_runtime_plugin.web import schemas
from astro_runtime_plugin.web.page.maintenance import MaintenanceStatus, maintenance_status
from astro_runtime_plugin.web.page.parallelism import effective_setting
from astro_runtime_plugin.web.page.providers import installed_providers
from astro_runtime_plugin.web.page.template import PageContents, render
from entrypoint.record import decode


def render_page(runtime: schemas.Runtime) -> str:
    """Return the page's HTML as of now; the settings are those of this process."""
    record = decode(os.environ)
    workers = latest_snapshot(record)
    settings = [effective_setting(setting, workers.schedulers) for setting in schemas.settings(record)]
    rows, now = component_rows(), time.time()
    return render(
        PageContents(
            runtime=runtime.model_copy(update={"settings": settings}),
            maintenance=_maintenance(runtime.release),
            components=live_components(rows, now),
            component_settings=[
                (schemas.Setting(**row), hosts) for row, hosts in hosts_by_setting(rows, now)
            ],
            fixes=schemas.fixes(),
            queues=workers.queues,
            task_logs=task_logs(),
            providers=installed_providers(),
        )
    )


def _maintenance(release: str) -> MaintenanceStatus | None:
    """Return the status of the release today; None if neither the catalogue nor an update lists it."""
    releases = listed_releases().merged
    match = releases.find(release)
    return maintenance_status(match, releases, utc_today()) if match else None
