"""The scheduler's thread that writes the notices into its log: at the start, and later whenever there is a new one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache

from astro_runtime_plugin import background
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.inventory.recorder import rollout_seconds
from astro_runtime_plugin.notices.notice import LEVELS, Notice
from astro_runtime_plugin.notices.service import current_notices

log = logging.getLogger("astro_runtime")
HOUR_SECONDS = 60 * 60.0
_logged: set[str] = set()


@cache  # once per process; a process forked from it, such as a task, inherits the cached result
def start() -> None:
    """Start the thread that logs the current notices now, and new ones once an hour."""
    background.start_thread("notices", _run)


def _run(wait: StoppableWait) -> None:
    """Log the notices until the process ends.

    The first time without the image tags: the components that a rollout is replacing still seem to run, so the tags
    differ.
    """
    log_current(include_components=False)
    wait(_rollout_seconds())
    while True:
        log_current()
        wait(HOUR_SECONDS)


def log_current(include_components: bool = True) -> None:
    """Log the current notices; a failure is logged once, and the next call tries again."""
    try:
        log_notices(current_notices(include_components))
    except Exception as error:
        _warn(type(error).__name__)


def log_notices(notices: Iterable[Notice]) -> None:
    """Log notices, each once in the lifetime of this process."""
    for notice in notices:
        if notice.id not in _logged:
            _logged.add(notice.id)
            log.log(LEVELS[notice.level], "%s", notice.text)


@cache
def _warn(kind: str) -> None:
    log.warning("astro-runtime: notices could not be computed: %s", kind)


def _rollout_seconds() -> float:
    try:
        return rollout_seconds()
    except Exception as error:
        _warn(type(error).__name__)
        return HOUR_SECONDS
