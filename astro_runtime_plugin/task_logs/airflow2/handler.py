"""The handler `task` of Airflow 2: what it writes reaches the store, and it reads what others wrote.

Sources in Airflow 2.11: file_task_handler.py and trigger_handler.py in airflow/utils/log/.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any
from urllib.parse import urlsplit

from airflow.utils.log.file_task_handler import FileTaskHandler

from astro_runtime_plugin.task_logs.airflow2.lost_lines import LostLines
from astro_runtime_plugin.task_logs.airflow2.reading import TryLog, with_problem
from astro_runtime_plugin.task_logs.reading.log_server import answers
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

log = logging.getLogger("astro_runtime")

POD_SECONDS = 20.0  # that a container waits for the store at its end: nothing outlives it to send the rest


class TaskLogHandler(FileTaskHandler):  # type: ignore[misc]
    """Writes and reads like Airflow's handler; what it writes reaches the store while the task runs.

    Each process that writes a file is a writer of its log: LocalTaskJob, the task's process, which may outlive it, and
    processes that the task forks. The log has ended when none of them is left.
    """

    trigger_should_wrap = True  # the triggerer looks for it in the class itself

    def __init__(self, base_log_folder: str, **options: Any) -> None:
        super().__init__(base_log_folder, **options)
        self._settings: TaskLogSettings | None = None
        self._writer: LogWriter | None = None
        self._identity: TaskIdentity | None = None
        self._path = ""
        self._is_raw = self._has_more = False
        # The process and the copy of the handler that began the log, and that waits for the store.
        self._owner: tuple[int, int] | None = None
        self._closing: tuple[int, int] | None = None

    def set_context(self, ti: Any, *, identifier: str | None = None) -> Any:
        """Open the file of a task instance, and have it shipped."""
        previous, owner = self._path, self._owner
        result = super().set_context(ti, identifier=identifier)
        try:
            self._set_log(ti)
            if owner == self._me() and previous != self._path and self._writer:
                self._writer.end(previous)
            self._begin()
        except Exception as error:
            self._path = ""
            log.warning("astro-runtime: a task's log stays local: %s", type(error).__name__)
        return result

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record. A process that was forked, or that has closed the log, becomes a writer of it again."""
        if self._closing == self._me():  # a signal's handler writes while `close` waits
            self._has_more = True
        elif self._path and self._owner != self._me():
            self._begin()
        elif self._path and self._writer:
            self._writer.ensure_shipper()
        super().emit(record)

    def close(self) -> None:
        """Close the file; in a container, wait until the store has it."""
        super().close()
        if self._path and self._writer and self._owner == self._me():
            give_up_at = time.monotonic() + (POD_SECONDS if self._ends_container() else 0.0)
            self._end(self._writer, give_up_at)
            if self._has_more:  # perhaps after the shipper's last look
                self._has_more = False
                self._begin()
                self._end(self._writer, give_up_at)

    def _end(self, writer: LogWriter, give_up_at: float) -> None:
        self._owner, self._closing = None, self._me()
        try:
            writer.end(self._path, max(0.0, give_up_at - time.monotonic()))
        finally:
            self._closing = None

    def _set_log(self, ti: Any) -> None:
        self._path, self._owner = "", None
        self._settings = self._settings or _settings()
        if not self._settings.has_store or self.handler is None:
            return
        self.handler.handleError = LostLines(self.handler)  # type: ignore[arg-type, method-assign]
        file = self.handler.baseFilename  # type: ignore[attr-defined]
        self._writer = self._writer or LogWriter(self._settings, self.local_base)
        self._identity = TaskIdentity(
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=ti.map_index,
            try_number=ti.try_number,
        )
        self._is_raw = bool(getattr(ti, "raw", False))
        self._path = os.path.relpath(file, os.path.abspath(self.local_base))

    def _begin(self) -> None:
        self._owner = self._me()
        # A task that runs as another user may not register; its LocalTaskJob has.
        if self._path and self._writer and not (self._is_raw and self._is_foreign_user()):
            # There may have been no room to create the file.
            fileno = getattr(getattr(self.handler, "stream", None), "fileno", None)
            self._writer.begin(self._path, self._identity, descriptor=fileno() if fileno else None)

    def _me(self) -> tuple[int, int]:
        return os.getpid(), id(self)

    def _is_foreign_user(self) -> bool:
        folder = self._writer.spool.folder if self._writer else ""
        return os.path.isdir(folder) and not os.access(folder, os.W_OK)

    def _ends_container(self) -> bool:
        from airflow import settings

        return not self._is_raw and (settings.IS_K8S_EXECUTOR_POD or settings.IS_EXECUTOR_CONTAINER)

    def _read_grouped_logs(self) -> bool:
        """Say that `_read` returns texts with their hosts: so it may return none."""
        return True

    def _read(
        self, ti: Any, try_number: int, metadata: dict[str, Any] | None = None
    ) -> tuple[list[tuple[str, str]], dict[str, Any]]:
        """Return what the log of a try has beyond what `metadata` says was read, and new metadata."""
        seen = metadata or {}
        answer, problem = self._read_parts(ti, try_number, seen)
        if answer is None:  # no store, or it has nothing: Airflow looks for files and asks the worker
            text, metadata = super()._read(ti, try_number, metadata)
            text = with_problem(problem, text) if problem and "log_pos" not in seen else text
            answer = [(ti.hostname or "", text)], metadata
        return answer

    def _read_parts(
        self, ti: Any, try_number: int, metadata: dict[str, Any]
    ) -> tuple[tuple[list[tuple[str, str]], dict[str, Any]] | None, str]:
        """Return what the store and this machine have, or None; and what is wrong with the store."""
        settings = _settings()
        if not settings.has_store:
            return None, ""
        try:
            log_of_try = TryLog(settings, self.local_base, self._render_filename(ti, try_number))
            return log_of_try.read(ti, try_number, metadata), log_of_try.problem
        except Exception as error:
            log.warning("astro-runtime: a task's log is read as Airflow does: %s", type(error).__name__)
            return None, ""

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> tuple[list[str], list[str]]:
        """Ask the worker, unless it is gone: Airflow would wait for it."""
        if _settings().has_store:
            from airflow.utils.log.file_task_handler import LogType

            log_type = LogType.TRIGGER if ti.triggerer_job else LogType.WORKER
            url, _ = self._get_log_retrieval_url(ti, worker_log_rel_path, log_type=log_type)
            server = urlsplit(url)
            if not server.hostname or not answers(server.hostname, server.port or 80):
                return [f"Could not read served logs: {server.hostname or 'no host'} does not answer"], []
        return super()._read_from_logs_server(ti, worker_log_rel_path)  # type: ignore[no-any-return]


def _settings() -> TaskLogSettings:
    from airflow.configuration import conf

    return read_settings(conf)
