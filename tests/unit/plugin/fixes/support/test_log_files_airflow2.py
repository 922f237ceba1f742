"""Airflow 2's handlers of log files: what does not fit is lost, and what comes later is written once there is room."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator
from io import StringIO
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from astro_runtime_plugin.fixes.support import log_files_airflow2
from astro_runtime_plugin.fixes.support.log_files_airflow2 import (
    absent_logs,
    name_dag_log,
    name_task_log,
    open_or_lose,
    start_without_folder,
)
from astro_runtime_plugin.task_logs.airflow2.lost_lines import LostLines
from tests.unit.plugin.fixes.support.test_tolerant_file import largest_file

NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
REFUSED = PermissionError(errno.EACCES, "refused")


class Volume:
    """A volume on which no file can be created while it has an `error`: one that is really full takes root."""

    error: OSError | None = None

    def check(self, *_arguments: object) -> None:
        if self.error:
            raise self.error

    def create(self, *_arguments: object, **_options: object) -> str:
        self.check()
        return "created"


@pytest.fixture
def volume() -> Iterator[Volume]:
    yield Volume()
    absent_logs.clear()


@pytest.fixture(autouse=True)
def stderr(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What this process prints on the stderr that it was started with."""
    printed = StringIO()
    monkeypatch.setattr(sys, "__stderr__", printed)
    monkeypatch.setattr(LostLines, "warned", set())
    return printed


def create_handler(volume: Volume, path: Path, max_bytes: int = 0) -> RotatingFileHandler:
    """Return a handler like Airflow's, whose `_open` the fix has wrapped."""

    class Handler(RotatingFileHandler):
        def _open(self) -> Any:
            volume.check()
            return super()._open()

    Handler._open = open_or_lose(Handler._open)  # type: ignore[assignment, method-assign]
    return Handler(path, maxBytes=max_bytes)


def write(handler: logging.Handler, text: str) -> None:
    handler.emit(logging.LogRecord("name", logging.INFO, "file", 1, text, (), None))


def test_log_goes_on_with_a_line_of_its_own_when_there_is_room(
    volume: Volume, tmp_path: Path, stderr: StringIO
) -> None:
    path = tmp_path / "task.log"
    handler = create_handler(volume, path)
    write(handler, "first")
    with largest_file(8):
        for _ in range(3):
            write(handler, "lost")
        handler.close()
    write(handler, "last")
    handler.close()
    assert path.read_text() == "first\nlo\nlast\n"
    assert stderr.getvalue() == f"astro-runtime: lines of the log {path} are lost: File too large\n"


def test_log_that_is_a_device_is_not_read(volume: Volume, tmp_path: Path, stderr: StringIO) -> None:
    path = tmp_path / "task.log"
    path.symlink_to("/dev/full")  # endless to read
    handler = create_handler(volume, path)
    for _ in range(3):
        write(handler, "lost")
    handler.close()
    assert stderr.getvalue().count("are lost") == 1


@pytest.mark.parametrize("max_bytes", [0, 1000])
def test_log_that_cannot_be_created_begins_when_there_is_room(
    volume: Volume, tmp_path: Path, stderr: StringIO, max_bytes: int
) -> None:
    path = tmp_path / "folder" / "folder" / "task.log"
    absent_logs.add(str(path))
    volume.error = NO_SPACE
    handler = create_handler(volume, path, max_bytes)
    handler.flush()
    write(handler, "lost")
    write(handler, "lost")
    handler.close()
    volume.error = None
    write(handler, "last")
    handler.close()
    assert path.read_text() == "last\n"
    assert absent_logs == set()
    assert stderr.getvalue().count("No space left on device") == 1


def test_log_that_cannot_be_opened_for_another_reason_fails(volume: Volume, tmp_path: Path) -> None:
    volume.error = REFUSED
    with pytest.raises(PermissionError):
        create_handler(volume, tmp_path / "task.log")


def test_handler_is_airflows_if_the_fix_fails(
    volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(log_files_airflow2, "LostLines")
    handler = create_handler(volume, tmp_path / "task.log")
    assert "handleError" not in vars(handler)
    volume.error = NO_SPACE
    with pytest.raises(OSError, match="No space"):
        create_handler(volume, tmp_path / "task.log")


class TaskHandler:
    """What Airflow's handler of tasks' logs has."""

    local_base = "/logs"

    def _render_filename(self, ti: Any, try_number: int) -> str:
        return f"{ti.task_id}/attempt={try_number}.log"

    def add_triggerer_suffix(self, full_path: str, job_id: int) -> str:
        return f"{full_path}.trigger.{job_id}.log"


@pytest.mark.parametrize(
    ("is_trigger", "identifier", "path"),
    [
        (False, None, "/logs/task/attempt=2.log"),
        (False, "scheduler", "/logs/task/attempt=2.log.scheduler.log"),
        (True, None, "/logs/task/attempt=2.log.trigger.7.log"),
    ],
)
def test_log_of_a_task_has_its_name_without_room(
    volume: Volume, is_trigger: bool, identifier: str | None, path: str
) -> None:
    task = SimpleNamespace(
        task_id="task",
        try_number=2,
        is_trigger_log_context=is_trigger,
        triggerer_job=SimpleNamespace(id=7),
    )
    volume.error = NO_SPACE
    create = name_task_log(volume.create)
    assert create(TaskHandler(), task, identifier=identifier) == path
    assert absent_logs == {path}
    volume.error = REFUSED
    with pytest.raises(PermissionError):
        create(TaskHandler(), task, identifier=identifier)


def test_log_of_a_task_that_cannot_be_named_fails_as_in_airflow(volume: Volume) -> None:
    volume.error = NO_SPACE
    with pytest.raises(OSError, match="No space"):
        name_task_log(volume.create)(TaskHandler(), None)


def test_log_of_a_dag_file_has_its_name_without_room(volume: Volume) -> None:
    handler = SimpleNamespace(
        _get_log_directory=lambda: "/logs/today", _render_filename=lambda name: f"{name}.log"
    )
    volume.error = NO_SPACE
    assert name_dag_log(volume.create)(handler, "dag.py") == ("/logs/today/dag.py.log")
    volume.error = REFUSED
    with pytest.raises(PermissionError):
        name_dag_log(volume.create)(handler, "dag.py")


def test_component_starts_without_room_for_the_folder_of_the_day(volume: Volume) -> None:
    volume.error = NO_SPACE
    start_without_folder(volume.check)(object(), "/logs", "template")
    volume.error = REFUSED
    with pytest.raises(PermissionError):
        start_without_folder(volume.check)(object(), "/logs", "template")
