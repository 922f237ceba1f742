"""The thread of a component that records its release and image tag when it starts, and while it lives."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from functools import cache

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.utils.net import get_hostname

from astro_runtime_plugin import state
from astro_runtime_plugin.components.kinds import CELERY_WORKER, component_of, threshold
from astro_runtime_plugin.components.shown import Runs, living, moment, recorded
from astro_runtime_plugin.options import option
from astro_runtime_plugin.release import image_tag, release_of
from entrypoint.line import line_of

log = logging.getLogger("astro_runtime")
KIND = "component"
SHORTEST_SECONDS = 1.0  # between two beats, whatever the threshold is
BEATS = 3  # within the time after which a component that is silent counts as dead


def begin() -> None:
    """Record the component that this process is, from now on; whatever fails is one warning, and nothing more."""
    try:
        component = component_of(sys.argv, os.environ)
        if component and _shares_database(component):
            _announce(component)
    except Exception as error:
        _warn(error)


def _shares_database(component: str) -> bool:
    """Whether others see what this component records: on Airflow 3 a Celery worker needs no metadata database."""
    if component == CELERY_WORKER and conf.get("database", "sql_alchemy_conn").startswith("sqlite"):
        log.warning(
            "astro-runtime: the Runtime page does not show this component: it has no metadata database"
        )
        return False
    return True


@cache  # once in a process; one that is forked from it, such as a task's, has the component's memory of it
def _announce(component: str) -> None:
    section, option_name, stock, times = threshold(component, line_of(airflow_version))
    silence = conf.getfloat(section, option_name, fallback=stock) * times
    runs = _this(component)
    threading.Thread(target=_beat, args=(runs, silence), name="astro-runtime component", daemon=True).start()


def _this(component: str) -> Runs:
    release = release_of(airflow_version)
    tag = (image_tag(option(conf, "image_tag"), os.environ) or "").strip() or release
    return Runs(component, get_hostname(), tag, release, moment(time.time()))


def _beat(runs: Runs, silence: float) -> None:
    """Record until the process ends; warn once of a database that is away for as long as makes a component dead."""
    failed = 0
    while True:
        try:
            state.put(KIND, f"{runs.component}:{state.here()}"[-200:], recorded(runs, time.time(), silence))
            failed = 0
        except Exception as error:
            failed += 1
            if failed == BEATS:
                _warn(error)
        time.sleep(max(silence / BEATS, SHORTEST_SECONDS))


def _warn(error: Exception) -> None:
    # Its text may hold the database's URL.
    log.warning("astro-runtime: the Runtime page does not show this component: %s", type(error).__name__)


def components() -> list[Runs]:
    """Return the living components; none where the database cannot be asked."""
    return living(state.fetch(KIND).values(), time.time())
