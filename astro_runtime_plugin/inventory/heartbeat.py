"""The thread of a component that records its release and image tag when it starts, and while it lives."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import psutil  # type: ignore[import-untyped]
from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.utils.net import get_hostname

from astro_runtime_plugin import background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.component import COMPONENTS, WITHOUT_DATABASE, heartbeat_threshold, identify
from astro_runtime_plugin.database import state
from astro_runtime_plugin.inventory.component_settings import component_settings
from astro_runtime_plugin.inventory.listing import RunningComponent, iso_utc, live_components, to_record
from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.releases.current import displayed_tag, image_tag, release_of
from entrypoint import record
from entrypoint.airflow_line import line_of

log = logging.getLogger("astro_runtime")
KIND = "component"
RETENTION_SECONDS = 60 * 60.0  # how long a row is read at the most, and kept at the least
MIN_INTERVAL = 1.0  # between two beats, whatever the threshold is
MAX_RETRY_INTERVAL = 5 * 60.0  # between two tries, where they fail
BEATS = 3  # within the time after which a component that is silent counts as dead


def start() -> None:
    """Record the component that this process is, from now on; whatever fails is one warning, and nothing more."""
    try:
        component = identify(sys.argv, os.environ)
        if component and _shares_database(component):
            _start_heartbeat(component)
    except Exception as error:
        _warn(error)


def _shares_database(component: str) -> bool:
    """Whether others see what this component records: some are run without the metadata database."""
    if component in WITHOUT_DATABASE and conf.get("database", "sql_alchemy_conn").startswith("sqlite"):
        log.warning(
            "astro-runtime: the Runtime page does not show this component: it has no metadata database"
        )
        return False
    return True


@cache  # once in a process; one that is forked from it, such as a task's, has the component's memory of it
def _start_heartbeat(component: str) -> None:
    runs, silence = _current_component(component), timeout_seconds(component)
    own = component_settings(record.decode(os.environ))
    background.start_thread("component", lambda rest: _record_forever(rest, runs, own, silence))


def timeout_seconds(component: str) -> float:
    """Return after how many seconds of silence a component counts as dead: an hour at the most."""
    threshold = heartbeat_threshold(component, line_of(airflow_version))
    age: float = conf.getfloat(threshold.section, threshold.option, fallback=threshold.default)
    return min(age * threshold.factor, RETENTION_SECONDS)


def rollout_seconds() -> float:
    """Return after how many seconds the components that a rollout has replaced count as dead.

    Raises AirflowConfigException where one of the thresholds is no number.
    """
    longest = max(timeout_seconds(component) for component in COMPONENTS)
    return longest * (1 + 1 / BEATS)


def _current_component(component: str) -> RunningComponent:
    release = release_of(airflow_version)
    tag = displayed_tag(image_tag(read_option(conf, "image_tag"), os.environ), release)
    return RunningComponent(component, get_hostname(), tag, release, iso_utc(_started_at()))


def _started_at() -> float:
    """Return when the component started: for a process of gunicorn's, which come and go, when gunicorn did."""
    by_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    started: float = psutil.Process(os.getppid() if by_gunicorn else None).create_time()
    return started


def _record_forever(
    rest: StoppableWait, runs: RunningComponent, own: list[dict[str, str]], silence: float
) -> None:
    """Record until the process ends; warn once of a database that is away for as long as makes a component dead."""
    failed, pause = 0, max(silence / BEATS, MIN_INTERVAL)
    while True:
        try:
            told = {**to_record(runs, time.time(), silence), "settings": own}
            state.put(KIND, f"{runs.component}:{state.process_name()}"[-200:], told, RETENTION_SECONDS)
            failed = 0
        except Exception as error:
            failed += 1
            if failed == BEATS:
                _warn(error)
        rest(pause if failed < BEATS else min(pause * failed, max(pause, MAX_RETRY_INTERVAL)))


def _warn(error: Exception) -> None:
    # The text of others may hold the database's URL.
    why = str(error) if isinstance(error, state.NoTableError) else type(error).__name__
    log.warning("astro-runtime: the Runtime page does not show this component: %s", why)


def current_components() -> list[RunningComponent]:
    """Return the living components; none where the database cannot be asked."""
    return live_components(records(), time.time())


def records() -> Collection[Mapping[str, Any]]:
    """Return what the components have recorded, the dead ones too; nothing where the database cannot be asked."""
    return state.fetch(KIND, RETENTION_SECONDS).values()
