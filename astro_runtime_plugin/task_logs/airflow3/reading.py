"""The handler `task` of Airflow 3's web server: a try's log from the store and this machine, while the task runs.

A try has a log under one path, whatever machines ran it, and one for each triggerer that had its trigger. A log server
is asked only if neither the store nor this machine has anything, and only if it answers at once.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime, timezone
from functools import cache
from typing import Any

from airflow.configuration import conf
from airflow.utils.log.file_task_handler import FileTaskHandler, LogMetadata
from airflow.utils.state import TaskInstanceState

from astro_runtime_plugin.task_logs.airflow3.page import TryFiles, read_try
from astro_runtime_plugin.task_logs.layout import StoredObject, chunk_offset, log_path
from astro_runtime_plugin.task_logs.reading.log_server import answers
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

log = logging.getLogger("astro_runtime")

TRIGGER = re.compile(r"\.trigger\.\d{1,20}\.log\Z")
FINAL_SECONDS = 2.0  # how long a reader waits for the last lines of a try that has just ended
RECENT_SECONDS = 10.0
PAUSE = 0.2
RUNNING = (TaskInstanceState.RUNNING, TaskInstanceState.DEFERRED)
PORTS = {"worker": 8793, "trigger": 8794}


class TaskLogHandler(FileTaskHandler):
    """Airflow's handler for files, which reads from the store first."""

    def _read(self, ti: Any, try_number: int, metadata: LogMetadata | None = None) -> Any:
        path = self._render_filename(ti, try_number)
        try:
            files = self._files(ti, path, ti.try_number != try_number or ti.state not in RUNNING)
            if files.objects:
                return read_try(files, dict(metadata or {}), source_of)
        except Exception as error:
            _warn_once(type(error).__name__)
        return super()._read(ti, try_number, metadata)

    def _files(self, ti: Any, path: str, has_ended: bool) -> TryFiles:
        """Return the files of a try; wait a moment for the rest of one that has just ended."""
        deadline = time.monotonic() + (FINAL_SECONDS if has_ended and ended_recently(ti) else 0)
        while True:
            view = LogView(store(), self.local_base)
            objects = [stored for stored in view.list(path) if belongs(path, stored.key)]
            if is_complete(path, view, objects) or time.monotonic() >= deadline:
                return TryFiles(view, objects, has_ended)
            time.sleep(PAUSE)

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> Any:
        """Ask a log server, unless it does not even accept a connection."""
        triggerer = getattr(ti, "triggerer_job", None)
        kind, host = ("trigger", triggerer.hostname) if triggerer else ("worker", ti.hostname)
        port = conf.getint("logging", f"{kind}_log_server_port", fallback=PORTS[kind])
        if host and not answers(host, port):
            return [f"Could not read served logs: {host} does not answer"], []
        return super()._read_from_logs_server(ti, worker_log_rel_path)

    def _read_remote_logs(self, ti: Any, try_number: int, metadata: Any = None) -> Any:
        """Leave the store out: it has been asked."""
        raise NotImplementedError


def source_of(view: LogView, path: str) -> str:
    """Return where a log comes from, for the page."""
    where = f"{settings().url}/{path}"
    return f"{view.log_folder / path} ({where} cannot be read: {view.problem})" if view.problem else where


def belongs(path: str, key: str) -> bool:
    """Whether an object is part of the try whose log is at `path`: its own, or a trigger's."""
    name = log_path(key)
    return name == path or (name.startswith(path) and bool(TRIGGER.fullmatch(name, len(path))))


def is_complete(path: str, view: LogView, objects: list[StoredObject]) -> bool:
    """Whether the store has the log as one object."""
    keys = [stored.key for stored in objects if log_path(stored.key) == path]
    return bool(keys) and all(chunk_offset(path, key) is None and not view.is_local(key) for key in keys)


def ended_recently(ti: Any) -> bool:
    """Whether a try has ended so short a time ago that its last lines may be on their way."""
    end = getattr(ti, "end_date", None)
    return end is not None and abs((datetime.now(timezone.utc) - end).total_seconds()) < RECENT_SECONDS


@cache
def settings() -> TaskLogSettings:
    """Return the settings, which do not change while a process runs."""
    return read_settings(conf)


def store() -> LogStore | None:
    """Return the store, or None if there is none now; a failure is tried again at the next page."""
    try:
        return _opened()
    except StoreError as error:
        _warn_once(str(error))
        return None


@cache
def _opened() -> LogStore:
    return open_store(settings())


@cache
def _warn_once(reason: str) -> None:
    log.warning("astro-runtime: task logs are read as without the store: %s", reason)
