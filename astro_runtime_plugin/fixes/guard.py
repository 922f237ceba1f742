"""Runs a fix's own code so that its failure leaves Airflow's function as stock, with one warning."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("astro_runtime")
_warned: set[str] = set()  # the ids of fixes whose failure this process has logged


def attempt(fix_id: str, default: R, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
    """Return the function's result, or `default` if it raises; the first failure of a fix logs one warning."""
    try:
        return function(*args, **options)
    except Exception as error:
        _warn_once(fix_id, type(error).__name__)
        return default


def _warn_once(fix_id: str, error: str) -> None:
    if fix_id in _warned:
        return
    _warned.add(fix_id)
    log.warning("astro-runtime: fix %s failed (%s); Airflow works as stock there", fix_id, error)
