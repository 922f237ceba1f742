"""Asks everything that the Runtime page shows, and draws it."""

from __future__ import annotations

import os
import time

from astro_runtime_plugin.inventory.component_settings import hosts_by_setting
from astro_runtime_plugin.inventory.heartbeat import records
from astro_runtime_plugin.inventory.listing import live_components
from astro_runtime_plugin.parallelism.snapshot import latest_snapshot
from astro_runtime_plugin.releases import catalogue
from astro_runtime_plugin.releases.merge import find_release, merge_releases
from astro_runtime_plugin.releases.today import utc_today
from astro_runtime_plugin.updates.service import stored_releases
from astro_runtime_plugin.web import schemas
from astro_runtime_plugin.web.page.contents import PageContents, maintenance_status, providers
from astro_runtime_plugin.web.page.template import render
from entrypoint.record import decode


def render_page(runtime: schemas.Runtime) -> str:
    """Return the page's HTML, of today."""
    record = decode(os.environ)
    shown = runtime.model_copy(update={"settings": schemas.settings(record)})
    known = merge_releases(catalogue.releases(), stored_releases())
    release = find_release(runtime.release, known)
    life = maintenance_status(release, known, utc_today()) if release else None
    told, now = records(), time.time()
    return render(
        PageContents(
            shown,
            life,
            live_components(told, now),
            hosts_by_setting(told, now),
            latest_snapshot(record),
            providers(),
        )
    )
