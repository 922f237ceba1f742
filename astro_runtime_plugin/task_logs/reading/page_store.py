"""The store as pages read it: nobody waits long for one that is away, and not again and again."""

# ruff: noqa: D102 - LogStore describes the methods

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from functools import lru_cache
from threading import Lock, Thread
from typing import Any, BinaryIO, NoReturn, TypeVar

from astro_runtime_plugin.options.urls import without_secrets
from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import LogStore, Patience, StoreError, open_store

log = logging.getLogger("astro_runtime")

PATIENCE = Patience(connect_seconds=1.0, read_seconds=3.0, attempts=1)
ANSWER_SECONDS = 5.0  # for an answer as a whole, from whatever store
OPEN_SECONDS = (
    15.0  # for the first one: it imports the store's library, which a busy machine takes seconds for
)
OUTAGE_SECONDS = 10.0  # after a failure, in which the store is not asked: a page asks every few seconds
THREAD = "astro-runtime log page"
MAX_LATE = 8  # answers that nobody waits for any more, each in a thread of its own
# What a page says at its end in place of the store's lines; with the text of a StoreError.
AWAY_NOTE = "*** The store of task logs {}. This is what this machine and the worker have."

Answer = TypeVar("Answer")


class PageStore(LogStore):
    """The store of the settings, for reading only.

    A StoreError says what is wrong, as in `cannot be read: it cannot be reached`.
    """

    def __init__(self, settings: TaskLogSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._store: LogStore | None = None
        self._problem, self._away_until = "", float("-inf")
        self._late: set[Future[Any]] = set()
        self._lock = Lock()

    def list(self, prefix: str) -> list[StoredObject]:
        return self._ask(lambda store: store.list(prefix))

    def read(self, key: str, start: int, end: int) -> bytes:
        return self._ask(lambda store: store.read(key, start, end))

    def size(self, key: str) -> int | None:
        return self._ask(lambda store: store.size(key))

    def put_new(self, key: str, data: bytes) -> NoReturn:
        raise StoreError("is for reading only")

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> NoReturn:
        raise StoreError("is for reading only")

    def delete(self, keys: Sequence[str]) -> NoReturn:
        raise StoreError("is for reading only")

    def _ask(self, question: Callable[[LogStore], Answer]) -> Answer:
        if self._clock() < self._away_until:
            raise StoreError(self._problem)
        try:
            answer = self._wait_for(question)
        except StoreError as error:
            self._note(explain(error, "be read", self._settings))
            raise StoreError(self._problem) from error
        self._problem = ""
        return answer

    def _note(self, problem: str) -> None:
        """Remember an outage; warn of a new one."""
        self._away_until = self._clock() + OUTAGE_SECONDS
        if problem != self._problem:
            self._problem = problem
            log.warning(
                "Task logs: %s %s; logs are read without it", without_secrets(self._settings.url), problem
            )

    def _wait_for(self, question: Callable[[LogStore], Answer]) -> Answer:
        """Have a thread ask, since some libraries cannot be told to give up."""
        with self._lock:
            self._late = {late for late in self._late if not late.done()}
            if len(self._late) >= MAX_LATE:
                raise StoreError("it has not answered earlier questions")
        answer: Future[Answer] = Future()
        seconds = ANSWER_SECONDS if self._store else OPEN_SECONDS
        Thread(target=self._work, args=(question, answer), name=THREAD, daemon=True).start()
        try:
            return answer.result(seconds)
        except LateError as error:
            with self._lock:
                self._late.add(answer)
            raise StoreError(f"no answer within {seconds:g} s") from error

    def _work(self, question: Callable[[LogStore], Answer], answer: Future[Answer]) -> None:
        try:
            answer.set_result(question(self._opened()))
        except BaseException as error:
            answer.set_exception(error)

    def _opened(self) -> LogStore:
        self._store = self._store or open_store(self._settings, PATIENCE)
        return self._store


def page_store(settings: TaskLogSettings) -> PageStore:
    """Return the store of this process; its connections do not survive a fork."""
    return _page_store(settings, os.getpid())


@lru_cache(maxsize=4)
def _page_store(settings: TaskLogSettings, pid: int) -> PageStore:
    return PageStore(settings)
