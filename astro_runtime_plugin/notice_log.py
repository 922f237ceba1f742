"""The thread of a scheduler that writes the notices into its log: those at its start, and later ones as they come."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache

from astro_runtime_plugin.noticeboard import all_notices
from astro_runtime_plugin.notices import say

log = logging.getLogger("astro_runtime")
SETTLED_SECONDS = 60.0  # after which components that this start has replaced count as dead
HOUR_SECONDS = 60 * 60.0


@cache  # once in a process; a task's, forked from it, has its memory of it
def begin() -> None:
    """Say what is to be said now and, once an hour, what has come since; return at once."""
    threading.Thread(target=_run, name="astro-runtime notices", daemon=True).start()


def _run() -> None:
    """Say the notices; whatever fails is said once, and looked at again."""
    look(components_too=False)
    time.sleep(SETTLED_SECONDS)
    while True:
        look()
        time.sleep(HOUR_SECONDS)


def look(components_too: bool = True) -> None:
    """Say the notices of now. At a start the components' tags differ: those that it replaces seem to live yet."""
    try:
        say(all_notices(components_too))
    except Exception as error:
        _warn(type(error).__name__)


@cache
def _warn(kind: str) -> None:
    log.warning("astro-runtime: notices cannot be worked out: %s", kind)
