"""Forks workers from a process that has used the database, as gunicorn does; all of them query at once."""

from __future__ import annotations

import gc
import os
import signal
from multiprocessing import Barrier
from typing import Any
from weakref import ref

from airflow import settings
from airflow.utils.session import create_session
from sqlalchemy import text

from testing.proof import report

WORKERS, ROUNDS = 4, 10
# For an answer, by whether the workers share a connection: then one may wait for ever. SIGALRM kills it.
SECONDS = {True: 20, False: 300}
ANSWERED, SHARED = 0, 1


def backend() -> int:
    with create_session() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar())


def work(barrier: Any, parent: int) -> None:
    signal.alarm(SECONDS[observations["inherits"]])
    barrier.wait()
    os._exit(SHARED if backend() == parent else ANSWERED)


def fork(barrier: Any, parent: int) -> int:
    child = os.fork()
    if not child:
        work(barrier, parent)
    return child


def query_together() -> bool:
    """Whether each worker gets an answer on a connection of its own."""
    parent, barrier = backend(), Barrier(WORKERS)
    children = [fork(barrier, parent) for _ in range(WORKERS)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if codes != [ANSWERED] * WORKERS:
        return False
    assert backend() == parent, "the parent has lost its connection"
    return True


def inherits() -> bool:
    """Whether a child begins with a connection of its parent in its pool."""
    backend()
    child = os.fork()
    if not child:
        os._exit(settings.engine.pool.checkedin())
    return bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def frees() -> bool:
    """Whether a child frees its parent's pool, and with it the connections, which mysqlclient then closes."""
    backend()
    pool = ref(settings.engine.pool)
    child = os.fork()
    if not child:
        gc.collect()
        os._exit(pool() is None)
    return bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def rounds() -> int:
    """Return how many rounds went well before one that did not."""
    for number in range(ROUNDS):
        if not query_together():
            return number
        settings.engine.dispose()
    return ROUNDS


observations = {"inherits": inherits(), "frees": frees()}
report({**observations, "all rounds went well": rounds() == ROUNDS})
