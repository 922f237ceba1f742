"""Keeps a system under load while a fault lasts: a fault that outlasts its load would be one of an idle system."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2  # type: ignore[import-untyped]

from testing.faults.load_run import LoadRun

LEFT_SHARE = 1 / 3  # of a round; with less left, the next one begins
LOOK_SECONDS = 2.0


@contextmanager
def load_supply(run: LoadRun) -> Iterator[None]:
    """Begin further rounds of a load until the end of the block, each when little of the others is left."""
    ending = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        supply = threads.submit(_supply, run, ending)
        try:
            yield
        finally:
            ending.set()
        supply.result()


def _supply(run: LoadRun, ending: threading.Event) -> None:
    while not ending.wait(LOOK_SECONDS):
        with contextlib.suppress(psycopg2.OperationalError):  # a database that fails over cannot be asked
            if run.left() < len(run.load.plan()) * LEFT_SHARE:
                run.trigger()
