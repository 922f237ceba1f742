"""Asks everything that the Runtime page shows, and draws it."""

from __future__ import annotations

import os
import time

from astro_runtime_plugin import api, catalogue, updates
from astro_runtime_plugin.components.announce import records
from astro_runtime_plugin.components.own import by_setting
from astro_runtime_plugin.components.shown import living
from astro_runtime_plugin.facts import facts_of, merged
from astro_runtime_plugin.following.record import written_down
from astro_runtime_plugin.page.contents import Contents, life_of, providers
from astro_runtime_plugin.page.draw import draw
from astro_runtime_plugin.today import today
from entrypoint import origin


def page(runtime: api.Runtime) -> str:
    """Return the page's HTML, of today."""
    record = origin.read(os.environ)
    shown = runtime.model_copy(update={"settings": api.settings(record)})
    known = merged(catalogue.releases(), updates.known())
    release = facts_of(runtime.release, known)
    life = life_of(release, known, today()) if release else None
    told, now = records(), time.time()
    return draw(
        Contents(shown, life, living(told, now), by_setting(told, now), written_down(record), providers())
    )
