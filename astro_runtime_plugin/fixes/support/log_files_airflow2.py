"""Airflow 2: what a full volume does not take of a log is lost, and later lines are written once there is room.

Python reports an error of a handler on stderr, which Airflow 2 makes lines of the same log while a task or a DAG file
runs: each of them fails and is reported in turn. Python ends the recursion, but `RotatingFileHandler`, which writes the
logs of tasks, catches that at each level and begins again. That practically never ends, also when there is room.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

from astro_runtime_plugin.fixes.full_log_volume import ID
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.task_logs.airflow2.lost_lines import LostLines

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
FOLDER_MODE = ("logging", "file_task_handler_new_folder_permissions")
# The logs that could not be created, for which there may be no folder, either.
absent_logs: set[str] = set()


class AbsentFile:
    """Stands for a file that cannot be opened: each write fails, and its handler then opens the file anew."""

    def __init__(self, error: OSError) -> None:
        self._error = error

    def flush(self) -> None:
        """Have nothing to write."""

    def close(self) -> None:
        """Have nothing to write."""

    def write(self, *_arguments: object) -> NoReturn:
        """Raise the error."""
        raise self._error

    seek = tell = write  # a handler that rotates its file looks for its end first


def open_or_lose(open_file: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `_open` of Airflow's handlers of files."""

    @wraps(open_file)
    def open_or_go_on(handler: Any) -> Any:
        lost = attempt(ID, None, _lose_lines, handler)
        if lost is None:
            return open_file(handler)
        try:
            if handler.baseFilename in absent_logs:
                _create_folder(handler.baseFilename)
            file = open_file(handler)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            return AbsentFile(error)
        absent_logs.discard(handler.baseFilename)
        if lost.has_lost:
            attempt(ID, None, _end_half_line, handler.baseFilename, file)
        return file

    return open_or_go_on


def _lose_lines(handler: Any) -> LostLines:
    if not isinstance(handler.handleError, LostLines):
        handler.handleError = LostLines(handler)
    lost: LostLines = handler.handleError
    return lost


def _create_folder(path: str) -> None:
    from airflow.configuration import conf
    from airflow.utils.log.file_task_handler import FileTaskHandler

    mode = int(conf.get(*FOLDER_MODE, fallback="0o775"), 8)
    FileTaskHandler._prepare_log_folder(Path(path).parent, mode)


def _end_half_line(path: str, file: Any) -> None:
    """Begin a new line if the last one has been written in part."""
    if not os.path.isfile(path):  # /dev/stdout, for example
        return
    with open(path, "rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 1))
        if log.read(1) not in (b"", b"\n"):
            file.write("\n")


def name_task_log(create: Callable[..., str]) -> Callable[..., str]:
    """Wrap `FileTaskHandler._init_file`, which creates a task's log and returns its path."""

    @wraps(create)
    def create_or_name(handler: Any, ti: Any, *, identifier: str | None = None) -> str:
        return _create_or_name(
            lambda: create(handler, ti, identifier=identifier), lambda: _task_log(handler, ti, identifier)
        )

    return create_or_name


def _task_log(handler: Any, ti: Any, identifier: str | None) -> str:
    path: str = os.path.join(handler.local_base, handler._render_filename(ti, ti.try_number))
    if identifier:
        return f"{path}.{identifier}.log"
    if ti.is_trigger_log_context is True:
        return str(handler.add_triggerer_suffix(full_path=path, job_id=ti.triggerer_job.id))
    return path


def name_dag_log(create: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Wrap `FileProcessorHandler._init_file`, which creates the log of a DAG file and returns its path."""

    @wraps(create)
    def create_or_name(handler: Any, filename: Any) -> str:
        return _create_or_name(lambda: create(handler, filename), lambda: _dag_log(handler, filename))

    return create_or_name


def _dag_log(handler: Any, filename: Any) -> str:
    return f"{handler._get_log_directory()}/{handler._render_filename(filename)}"


def _create_or_name(create: Callable[[], str], name: Callable[[], str]) -> str:
    """Return the path of a log, also if there is no room to create it."""
    try:
        return create()
    except OSError as error:
        path = attempt(ID, None, name) if error.errno in NO_ROOM else None
        if path is None:
            raise
        absent_logs.add(os.path.abspath(path))
        return path


def start_without_folder(initialize: Callable[..., None]) -> Callable[..., None]:
    """Wrap `FileProcessorHandler.__init__`, which creates the day's folder when any component or command starts."""

    @wraps(initialize)
    def initialize_or_go_on(handler: Any, base_log_folder: Any, filename_template: Any) -> None:
        try:
            initialize(handler, base_log_folder, filename_template)
        except OSError as error:  # the folder comes last, and it is tried again for each log
            if error.errno not in NO_ROOM:
                raise

    return initialize_or_go_on
