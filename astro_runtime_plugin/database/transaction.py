"""A transaction of the Runtime's own in the metadata database, in any thread of a component."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from airflow import settings
from sqlalchemy.engine import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from astro_runtime_plugin import background

T = TypeVar("T")


def in_transaction(work: Callable[[Connection], T]) -> T:
    """Run `work` with a connection instead of Airflow's session, which Airflow closes from other threads at exit."""
    engine = _engine_without_pool() if background.is_background_thread() else settings.engine
    with engine.begin() as connection:
        return work(connection)


@cache
def _engine_without_pool() -> Engine:
    """Return an engine that connects like Airflow's, but anew for each transaction.

    The children that Airflow forks share the pool's connections. On Airflow 2 they close theirs, and mysqlclient then
    closes the parent's too, while a thread of the parent may be using it. The operator may have replaced the function
    that connects (`do_connect`, for tokens), so it is taken from the pool.
    """
    pooled = settings.engine
    return create_engine(pooled.url, creator=pooled.pool._creator, poolclass=NullPool, future=True)


# A forked process connects with an engine of its own: a thread of the parent may hold a lock of the parent's, as
# SQLAlchemy does during the first connection, and the child's copy would stay locked forever.
os.register_at_fork(after_in_child=_engine_without_pool.cache_clear)
