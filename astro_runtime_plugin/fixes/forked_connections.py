"""A forked process opens database connections of its own.

Airflow 2 drops a connection that a process has inherited, but only after SQLAlchemy has tested it with a query
(`pool_pre_ping`). If two of gunicorn's workers test the same connection, one takes the other's answer, and the other
waits until gunicorn kills it. With this fix a child begins with an empty pool, as in Airflow 3. It keeps the inherited
connections open and unused, because closing one would end the parent's session (MySQL).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from weakref import WeakSet

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "forked-connections"
_engines: WeakSet[Any] = WeakSet()
# The pools of the parents of this process: as many as there were forks between it and the component.
_inherited: list[Any] = []


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
        _inherited.append(engine.pool)
        engine.dispose(close=False)


FIX = Fix(
    id=ID,
    title="Forked processes, such as gunicorn's workers, do not share database connections",
    symptom="The webserver of 2.11 hangs for up to two minutes after its start, and logs `WORKER TIMEOUT`.",
    issue="",
    ends="Airflow 2.11 is no longer a line of the Runtime; Airflow 3 disposes of its engine in each child.",
    patches=(
        Patch(
            "airflow.utils.orm_event_handlers",
            "setup_event_handlers",
            ("617f1c83a2046317",),
            watch_engine,
            ("2.11",),
        ),
    ),
)
