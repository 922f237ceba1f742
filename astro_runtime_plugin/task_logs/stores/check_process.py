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
from threading import Thread
from typing import Any

from astro_runtime_plugin import child_process
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

FOLDER = ".astro-runtime-check"
DATA = b"written by `astro-runtime logs check`\n"


class StoreCheck:
    """Tries a store; `step` is what it is doing, `problem` what is wrong, empty if nothing is."""

    def __init__(self, settings: TaskLogSettings) -> None:
        self.settings = settings
        self.step = "be opened"
        self.problem = ""

    def run(self) -> None:
        """Try everything that task logs need."""
        try:
            self._open_and_try()
        except Exception as error:
            self.problem = explain(error, self.step, self.settings)

    def _open_and_try(self) -> None:
        if self.settings.conn_id:
            _require_connection(self.settings.conn_id)
        store = open_store(self.settings)
        key = f"{FOLDER}/{uuid.uuid4().hex}"
        try:
            self._try(store, key)
        except Exception:
            with suppress(Exception):
                store.delete([key])
            raise

    def _try(self, store: LogStore, key: str) -> None:
        self.step = "be written"
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
        thread = Thread(target=check.run, daemon=True)
        thread.start()
        thread.join(seconds)
    late = thread.is_alive()
    child_process.answer(_late(check.step, seconds) if late else {"problem": check.problem})
    sys.stdout.flush()
    os._exit(0)  # the thread may hang in a library that Python would wait for


def _late(step: str, seconds: float) -> dict[str, Any]:
    return {"problem": f"cannot {step}: it does not answer within {seconds:g} seconds"}
