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

from astro_runtime_plugin.task_logs.airflow3.page import (
    OFFSET,
    TryFiles,
    offsets_of,
    read_try,
    with_problem,
)
from astro_runtime_plugin.task_logs.layout import StoredObject, chunk_offset, log_path
from astro_runtime_plugin.task_logs.reading.log_server import answers
from astro_runtime_plugin.task_logs.reading.page_store import page_store
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.stores.store import LogStore

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
        previous: dict[str, Any] = dict(metadata or {})
        is_first = not {OFFSET, "log_pos"} & previous.keys()
        files = self._try_files(ti, try_number)
        answer = self._store_answer(files, previous) or super()._read(ti, try_number, metadata)
        problem = files.view.problem if files else None
        if problem and (is_first or answer[1].get("end_of_log")):
            return with_problem(str(problem), answer[0]), answer[1]
        return answer

    def _try_files(self, ti: Any, try_number: int) -> TryFiles | None:
        try:
            path = self._render_filename(ti, try_number)
            return self._files(ti, path, ti.try_number != try_number or ti.state not in RUNNING)
        except Exception as error:
            _warn_once(type(error).__name__)
            return None

    def _store_answer(self, files: TryFiles | None, previous: dict[str, Any]) -> Any:
        """Return what the store and this machine have since the last answer; None if Airflow is to look elsewhere."""
        if files is None or not (files.objects or offsets_of(previous)):
            return None
        try:
            return read_try(files, previous, source_of)
        except Exception as error:
            _warn_once(type(error).__name__)
            return None

    def _files(self, ti: Any, path: str, has_ended: bool) -> TryFiles:
        """Return the files of a try; wait a moment for the rest of one that has just ended."""
        deadline = time.monotonic() + (FINAL_SECONDS if has_ended and ended_recently(ti) else 0)
        while True:
            view = LogView(store(), self.local_base)
            objects = [stored for stored in view.list(path) if belongs(path, stored.key)]
            is_final = view.problem or is_complete(path, view, objects)
            if is_final or time.monotonic() >= deadline:
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
    return str(view.log_folder / path) if view.problem else f"{settings().url}/{path}"


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


def store() -> LogStore:
    """Return the store, as pages read it."""
    return page_store(settings())


@cache
def _warn_once(reason: str) -> None:
    log.warning("astro-runtime: task logs are read as without the store: %s", reason)
