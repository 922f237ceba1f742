"""The child process that tries the store: it writes, lists, reads and deletes an object of its own.

`check` starts it, because only a process can be ended wherever it hangs, and because the scheduler forks.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import uuid
from contextlib import redirect_stderr, redirect_stdout, suppress
from threading import Event, Thread

from astro_runtime_plugin import child_process
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

FOLDER = ".astro-runtime-check"
OPEN_SECONDS = 40.0  # for the connection, and the store's library, which a busy machine takes long to import
DATA = b"written by `astro-runtime logs check`\n"


class StoreCheck:
    """Tries a store; `step` is what it is doing, `problem` what is wrong, empty if nothing is."""

    def __init__(self, settings: TaskLogSettings) -> None:
        self.settings = settings
        self.step = "be opened"
        self.problem = ""
        self._has_opened = Event()  # also set at the end

    def run(self) -> None:
        """Try everything that task logs need."""
        try:
            self._open_and_try()
        except Exception as error:
            self.problem = explain(error, self.step, self.settings)
        self._has_opened.set()

    def run_within(self, seconds: float) -> str:
        """Return what is wrong; what takes longer than `seconds`, from when the store is open, is."""
        thread = Thread(target=self.run, daemon=True)
        thread.start()
        limit = OPEN_SECONDS
        if self._has_opened.wait(limit):
            limit = seconds
            thread.join(limit)
        late = f"cannot {self.step}: it does not answer within {limit:g} seconds"
        return late if thread.is_alive() else self.problem

    def _open_and_try(self) -> None:
        if self.settings.conn_id:
            _require_connection(self.settings.conn_id)
        store = open_store(self.settings)
        self.step = "be written"
        self._has_opened.set()
        key = f"{FOLDER}/{uuid.uuid4().hex}"
        try:
            self._try(store, key)
        except Exception:
            with suppress(Exception):
                store.delete([key])
            raise

    def _try(self, store: LogStore, key: str) -> None:
        store.put_new(key, DATA)
        if store.put_new(key, DATA):
            raise StoreError("it overwrites an object although it must not (If-None-Match)")
        self.step = "be listed"
        if [stored.key for stored in store.list(key)] != [key]:
            raise StoreError("it does not list an object that was written")
        self.step = "be read"
        if store.read(key, 0, len(DATA)) != DATA:
            raise StoreError("it does not return what was written")
        self.step = "be deleted from"
        store.delete([key])
        if store.size(key) is not None:
            raise StoreError("it keeps an object that was deleted")


def _require_connection(conn_id: str) -> None:
    """Raise what Airflow raises for an unknown connection: the amazon provider would go on without one."""
    from airflow.hooks.base import BaseHook

    BaseHook.get_connection(conn_id)


def main() -> None:
    """Answer with what is wrong, or the step that takes longer than the question allows."""
    settings, seconds = child_process.read_question()
    logging.disable(logging.CRITICAL)  # the answer says it all, without what an error's text may hold
    check = StoreCheck(settings)
    with (
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):  # Airflow's log and warnings go there
        problem = check.run_within(seconds)
    child_process.answer({"problem": problem})
    sys.stdout.flush()
    os._exit(0)  # the thread may hang in a library that Python would wait for
