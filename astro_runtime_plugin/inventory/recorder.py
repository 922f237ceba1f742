"""The thread with which a component records its release and image tag, from its start on and while it runs."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from functools import cache
from multiprocessing import parent_process

import psutil  # type: ignore[import-untyped]
from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat, background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.component import COMPONENTS, WITHOUT_DATABASE, heartbeat_threshold, identify
from astro_runtime_plugin.database import rows, state
from astro_runtime_plugin.inventory.component_settings import component_settings
from astro_runtime_plugin.inventory.current_image import current_image
from astro_runtime_plugin.inventory.listing import (
    ComponentRow,
    RunningComponent,
    component_row,
    iso_utc,
    live_components,
)
from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, single_line
from astro_runtime_plugin.parallelism.bounds import MAX_COMPONENTS
from entrypoint import record

log = logging.getLogger("astro_runtime")
KIND = "component"
RETENTION_SECONDS = 60 * 60.0  # a row is read for at most, and kept for at least, this long
MAX_LENGTH = 8 * 1024  # characters of a row; the longest that a component writes has about 6500
MIN_INTERVAL = 1.0  # between two heartbeats, whatever the threshold is
MAX_RETRY_INTERVAL = 5 * 60.0  # between two attempts while they fail
BEATS = 3  # heartbeats within the time after which a silent component counts as dead


_ending = threading.Event()  # set when this process begins nothing new


def start() -> None:
    """Record the component that this process runs, from now on; a failure only logs a warning."""
    try:
        component = identify(sys.argv, os.environ)
        if component and _shares_database(component):
            _start_heartbeat(component)
    except Exception as error:
        _warn(error)


def _shares_database(component: str) -> bool:
    """Return whether other components see this one's row: some run without the metadata database."""
    if component in WITHOUT_DATABASE and conf.get("database", "sql_alchemy_conn").startswith("sqlite"):
        log.info("astro-runtime: the Runtime page does not show this component: it has no metadata database")
        return False
    return True


@cache  # once per process; a process forked from it, such as a task, inherits the cached result
def _start_heartbeat(component: str) -> None:
    running, timeout = _current_component(component), timeout_seconds(component)
    settings = component_settings(record.decode(os.environ))
    background.start_thread("component", lambda wait: _record_forever(wait, running, settings, timeout))


def record_end() -> None:
    """Record with the next heartbeat that this component begins nothing new, and ends when that is done."""
    _ending.set()


def timeout_seconds(component: str) -> float:
    """Return the seconds of silence after which a component counts as dead: at most an hour."""
    threshold = heartbeat_threshold(component, airflow_compat.line())
    age: float = conf.getfloat(threshold.section, threshold.option, fallback=threshold.default)
    return min(age * threshold.factor, RETENTION_SECONDS)


def rollout_seconds() -> float:
    """Return the seconds after which all components that a rollout has replaced count as dead.

    Raises AirflowConfigException if one of the thresholds is not a number.
    """
    longest = max(timeout_seconds(component) for component in COMPONENTS)
    return longest * (1 + 1 / BEATS)


def _current_component(component: str) -> RunningComponent:
    image = current_image()
    host = single_line(airflow_compat.hostname(), MAX_NAME_LENGTH)
    return RunningComponent(component, host, *image, iso_utc(_started_at()))


def _started_at() -> float:
    """Return when the component started. Gunicorn and uvicorn replace their workers, so their own start counts."""
    is_worker = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn") or parent_process()
    started: float = psutil.Process(os.getppid() if is_worker else None).create_time()
    return started


def _record_forever(
    wait: StoppableWait, running: RunningComponent, settings: list[dict[str, str]], timeout: float
) -> None:
    """Record until the process exits; warn once when the database is away for as long as `timeout`."""
    failures, interval = 0, max(timeout / BEATS, MIN_INTERVAL)
    while True:
        try:
            value = {**component_row(running, time.time(), timeout), "settings": settings}
            value |= {"ending": True} if _ending.is_set() else {}
            state.put(KIND, f"{running.component}:{state.process_name()}"[-200:], value, RETENTION_SECONDS)
            failures = 0
        except Exception as error:
            failures += 1
            if failures == BEATS:
                _warn(error)
        wait(interval if failures < BEATS else min(interval * failures, max(interval, MAX_RETRY_INTERVAL)))


def _warn(error: Exception) -> None:
    # A foreign error's text may contain the database's URL.
    reason = str(error) if isinstance(error, state.NoTableError) else type(error).__name__
    log.warning("astro-runtime: the Runtime page does not show this component: %s", reason)


def current_components() -> list[RunningComponent]:
    """Return the live components; none if the database cannot be read."""
    return live_components(component_rows(), time.time())


def component_rows() -> list[ComponentRow]:
    """Return the rows of all components, including dead ones; none if the database cannot be read."""
    return [*rows.fetch_valid(KIND, ComponentRow, RETENTION_SECONDS, MAX_COMPONENTS, MAX_LENGTH).values()]
