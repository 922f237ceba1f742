from __future__ import annotations

import logging
import os
from copy import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.utils.log.file_task_handler import FileTaskHandler

from astro_runtime_plugin.task_logs.airflow2 import handler as handler_module
from astro_runtime_plugin.task_logs.airflow2.handler import TaskLogHandler
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

PATH = "dag/task/1.log"
IDENTITY = {"dag_id": "dag", "run_id": "run", "task_id": "task", "map_index": -1, "try_number": 1}


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a log folder; the paths of the logs need no database, and no shipper starts."""
    settings = TaskLogSettings(url=f"file://{tmp_path}/store")
    monkeypatch.setattr(handler_module, "_settings", lambda: settings)
    monkeypatch.setattr(LogWriter, "_start_shipper", lambda *_: None)
    monkeypatch.setattr(
        FileTaskHandler, "_render_filename", lambda _, ti, number: f"dag/{ti.task_id}/{number}.log"
    )
    return tmp_path / "logs"


def task(task_id: str = "task", raw: bool = False) -> Any:
    return SimpleNamespace(**{**IDENTITY, "task_id": task_id}, raw=raw, is_trigger_log_context=False)


def write(handler: TaskLogHandler, text: str) -> None:
    handler.emit(logging.LogRecord("name", logging.INFO, "file", 1, text, (), None))


def writers(logs: Path, path: str = PATH) -> list[int]:
    entry = Spool(logs).entry(path)
    return [writer.pid for writer in entry.writers] if entry else []


def test_triggerer_finds_what_it_looks_for() -> None:
    assert TaskLogHandler.__dict__["trigger_should_wrap"] is True
    assert TaskLogHandler("/nowhere").supports_task_context_logging is True


def test_process_is_a_writer_until_it_closes_the_log(logs: Path) -> None:
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    assert writers(logs) == [os.getpid()]
    entry = Spool(logs).entry(PATH)
    assert entry
    assert entry.identity
    assert entry.identity.model_dump() == IDENTITY
    handler.close()
    assert writers(logs) == []


def test_line_after_the_close_makes_the_process_a_writer_again(logs: Path) -> None:
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    handler.close()
    write(handler, "late")
    assert writers(logs) == [os.getpid()]
    assert (logs / PATH).read_text() == "late\n"


def test_forked_process_is_a_writer_of_its_own(logs: Path) -> None:
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(handler, "from the child")
            os.write(writing, b"." if os.getpid() in writers(logs) else b"!")
            handler.close()
        finally:  # a child that fails must not go on with the tests
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"."
    assert writers(logs) == [os.getpid()]


def test_copies_of_the_handler_have_logs_of_their_own(logs: Path) -> None:
    """The triggerer has a copy for each trigger; a component has one while it says something about a task."""
    base = TaskLogHandler(str(logs))
    base.set_context(task())
    other = copy(base)
    other.set_context(task("other"))
    other.close()
    assert writers(logs) == [os.getpid()]
    assert writers(logs, "dag/other/1.log") == []


def test_next_task_ends_the_log_of_the_one_before(logs: Path) -> None:
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    handler.set_context(task("other"))
    assert writers(logs) == []
    assert writers(logs, "dag/other/1.log") == [os.getpid()]


def test_log_is_written_where_the_spool_cannot_be(logs: Path, caplog: pytest.LogCaptureFixture) -> None:
    logs.mkdir()
    (logs / ".astro-runtime").write_text("in the way")
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    for number in range(3):
        write(handler, f"line {number}")
    handler.close()
    assert (logs / PATH).read_text() == "line 0\nline 1\nline 2\n"
    assert len([record for record in caplog.records if "stays local" in record.message]) == 1


def test_without_a_store_nothing_is_registered(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler_module, "_settings", TaskLogSettings)
    handler = TaskLogHandler(str(logs))
    handler.set_context(task())
    write(handler, "line")
    handler.close()
    assert (logs / PATH).read_text() == "line\n"
    assert not (logs / ".astro-runtime").exists()


@pytest.mark.parametrize(("raw", "waits"), [(False, 20.0), (True, 0.0)])
def test_only_the_process_that_ends_its_container_waits(
    logs: Path, monkeypatch: pytest.MonkeyPatch, raw: bool, waits: float
) -> None:
    seen: list[float] = []
    monkeypatch.setattr("airflow.settings.IS_K8S_EXECUTOR_POD", True)
    monkeypatch.setattr(LogWriter, "end", lambda _, path, wait_seconds=0.0: seen.append(wait_seconds))
    handler = TaskLogHandler(str(logs))
    handler.set_context(task(raw=raw))
    handler.close()
    assert seen == [pytest.approx(waits, abs=5)]  # less what has passed since
