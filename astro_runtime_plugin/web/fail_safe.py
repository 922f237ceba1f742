"""Keeps failures of the footer away from Airflow's pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger("astro_runtime")


class FailSafe:
    """Calls functions and catches their exceptions; only the first is logged, because every page would repeat it."""

    def __init__(self) -> None:
        self._warned = False

    def __call__(self, function: Callable[..., T | None], *arguments: object) -> T | None:
        """Return the result of `function`, or None if it fails; the page then stays as Airflow rendered it."""
        try:
            return function(*arguments)
        except Exception as error:
            if not self._warned:
                self._warned = True
                log.warning("Pages go out without the Runtime's footer: %r", error)
            return None
