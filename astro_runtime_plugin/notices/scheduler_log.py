"""The thread of a scheduler that writes the notices into its log: those at its start, and later ones as they come."""

from __future__ import annotations

import logging
from functools import cache

from astro_runtime_plugin import background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.inventory.heartbeat import rollout_seconds
from astro_runtime_plugin.notices.rules import log_notices
from astro_runtime_plugin.notices.service import all_notices

log = logging.getLogger("astro_runtime")
HOUR_SECONDS = 60 * 60.0


@cache  # once in a process; a task's, forked from it, has its memory of it
def start() -> None:
    """Say what is to be said now and, once an hour, what has come since; return at once."""
    background.start_thread("notices", _run)


def _run(rest: StoppableWait) -> None:
    """Say the notices; whatever fails is said once, and looked at again.

    At a start the components' tags differ: those that it replaces seem to live yet.
    """
    log_current(components_too=False)
    rest(_settled())
    while True:
        log_current()
        rest(HOUR_SECONDS)


def log_current(components_too: bool = True) -> None:
    """Say the notices of now, of the living components too if `components_too`."""
    try:
        log_notices(all_notices(components_too))
    except Exception as error:
        _warn(type(error).__name__)


@cache
def _warn(kind: str) -> None:
    log.warning("astro-runtime: notices cannot be worked out: %s", kind)


def _settled() -> float:
    try:
        return rollout_seconds()
    except Exception as error:
        _warn(type(error).__name__)
        return HOUR_SECONDS
