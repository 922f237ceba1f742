"""A forked process opens database connections of its own, and leaves those of its parent open.

Airflow 2 drops a connection that a process has inherited, but only after SQLAlchemy has tested it with a query
(`pool_pre_ping`). If two of gunicorn's workers test the same connection, one takes the other's answer, and the other
waits until gunicorn kills it. Airflow 3 gives each child an empty pool, but nothing refers to the inherited one any
more, so Python frees its connections. For mysqlclient that means to end the session, which the parent may have begun to
use in the meantime. With this fix a child begins with an empty pool, and never frees the inherited one.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from weakref import WeakSet

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "forked-connections"
_engines: WeakSet[Any] = WeakSet()


def watch_engine(setup: Callable[..., None]) -> Callable[..., None]:
    """Wrap `setup_event_handlers`, which Airflow calls for each engine that it creates."""

    @wraps(setup)
    def set_up(engine: Any) -> None:
        setup(engine)
        attempt(ID, None, _watch, engine)

    return set_up


def _watch(engine: Any) -> None:
    if engine.dialect.name != "sqlite":  # it has no connection to share
        _engines.add(engine)
        _watch_forks()


@cache
def _watch_forks() -> None:
    os.register_at_fork(after_in_child=lambda: attempt(ID, None, empty_pools))


def empty_pools() -> None:
    """Give each engine an empty pool."""
    for engine in [*_engines]:
        _keep(engine.pool)
        engine.dispose(close=False)


def _keep(pool: Any) -> None:
    """Never free a pool, not even when Python ends: a reference from a module would be gone by then."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(pool))


FIX = Fix(
    id=ID,
    title="Forked processes neither use nor close the database connections of their parent",
    symptom=(
        "The webserver of 2.11 hangs for up to two minutes after its start, and logs `WORKER TIMEOUT`. With MySQL or"
        " MariaDB, a scheduler with LocalExecutor logs `Exception during reset` and `Lost connection`."
    ),
    issue="",
    ends="A child of Airflow's processes refers to the connection pool that it has inherited until it ends.",
    patches=(
        Patch(
            "airflow.utils.orm_event_handlers",
            "setup_event_handlers",
            ("617f1c83a2046317", "945979d446414cdf"),
            watch_engine,
            ("3.3", "2.11"),
        ),
    ),
)
