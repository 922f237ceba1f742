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

from astro_runtime_plugin import background, state
from astro_runtime_plugin.background import Rest
from astro_runtime_plugin.components.kinds import COMPONENTS, WITHOUT_DATABASE, component_of, threshold
from astro_runtime_plugin.components.own import own_settings
from astro_runtime_plugin.components.shown import Runs, living, moment, recorded
from astro_runtime_plugin.options import option
from astro_runtime_plugin.release import image_tag, release_of, shown_tag
from entrypoint import origin
from entrypoint.line import line_of

log = logging.getLogger("astro_runtime")
KIND = "component"
KEPT_SECONDS = 60 * 60.0  # how long a row is read at the most, and kept at the least
SHORTEST_SECONDS = 1.0  # between two beats, whatever the threshold is
LONGEST_SECONDS = 5 * 60.0  # between two tries, where they fail
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
    """Whether others see what this component records: some are run without the metadata database."""
    if component in WITHOUT_DATABASE and conf.get("database", "sql_alchemy_conn").startswith("sqlite"):
        log.warning(
            "astro-runtime: the Runtime page does not show this component: it has no metadata database"
        )
        return False
    return True


@cache  # once in a process; one that is forked from it, such as a task's, has the component's memory of it
def _announce(component: str) -> None:
    runs, silence = _this(component), silence_of(component)
    own = own_settings(origin.read(os.environ))
    background.start("component", lambda rest: _beat(rest, runs, own, silence))


def silence_of(component: str) -> float:
    """Return after how many seconds of silence a component counts as dead: an hour at the most."""
    section, option_name, stock, times = threshold(component, line_of(airflow_version))
    oldest: float = conf.getfloat(section, option_name, fallback=stock)
    return min(oldest * times, KEPT_SECONDS)


def settled_seconds() -> float:
    """Return after how many seconds the components that a rollout has replaced count as dead.

    Raises AirflowConfigException where one of the thresholds is no number.
    """
    longest = max(silence_of(component) for component in COMPONENTS)
    return longest * (1 + 1 / BEATS)


def _this(component: str) -> Runs:
    release = release_of(airflow_version)
    tag = shown_tag(image_tag(option(conf, "image_tag"), os.environ), release)
    return Runs(component, get_hostname(), tag, release, moment(_since()))


def _since() -> float:
    """Return when the component started: for a process of gunicorn's, which come and go, when gunicorn did."""
    by_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    started: float = psutil.Process(os.getppid() if by_gunicorn else None).create_time()
    return started


def _beat(rest: Rest, runs: Runs, own: list[dict[str, str]], silence: float) -> None:
    """Record until the process ends; warn once of a database that is away for as long as makes a component dead."""
    failed, pause = 0, max(silence / BEATS, SHORTEST_SECONDS)
    while True:
        try:
            told = {**recorded(runs, time.time(), silence), "settings": own}
            state.put(KIND, f"{runs.component}:{state.here()}"[-200:], told, KEPT_SECONDS)
            failed = 0
        except Exception as error:
            failed += 1
            if failed == BEATS:
                _warn(error)
        rest(pause if failed < BEATS else min(pause * failed, max(pause, LONGEST_SECONDS)))


def _warn(error: Exception) -> None:
    # The text of others may hold the database's URL.
    why = str(error) if isinstance(error, state.NoTableError) else type(error).__name__
    log.warning("astro-runtime: the Runtime page does not show this component: %s", why)


def components() -> list[Runs]:
    """Return the living components; none where the database cannot be asked."""
    return living(records(), time.time())


def records() -> Collection[Mapping[str, Any]]:
    """Return what the components have recorded, the dead ones too; nothing where the database cannot be asked."""
    return state.fetch(KIND, KEPT_SECONDS).values()
