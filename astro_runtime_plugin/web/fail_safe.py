"""Keeps what fails in the footer from Airflow's pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger("astro_runtime")


class FailSafe:
    """Calls functions; of those that fail the first is said, once, because every page would say it again."""

    def __init__(self) -> None:
        self._warned = False

    def __call__(self, function: Callable[..., T | None], *arguments: object) -> T | None:
        """Return what `function` returns; None where it fails, and the page goes out as it is."""
        try:
            return function(*arguments)
        except Exception as error:
            if not self._warned:
                self._warned = True
                log.warning("Pages go out without the Runtime's footer: %r", error)
            return None
