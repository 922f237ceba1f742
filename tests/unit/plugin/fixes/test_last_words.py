"""What a supervisor says of its own accord, and what a worker of Airflow 2 learns of its child."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from astro_runtime_plugin.fixes.support.last_words import write_once
from astro_runtime_plugin.fixes.support.lost_heartbeats import report_missed_heartbeats
from astro_runtime_plugin.fixes.support.lost_local_jobs import OsProxy


class Supervisor:
    """A supervisor of Airflow 3 that stops its task at the third failure of a heartbeat."""

    def __init__(self) -> None:
        self._exit_code: int | None = None
        self.failed_heartbeats = 0
        self.errors: list[str] = []
        self.process_log = SimpleNamespace(error=self.errors.append)

    def handle(self, exc: Exception) -> None:
        self.failed_heartbeats += 1
        self._exit_code = -15 if self.failed_heartbeats == 3 else self._exit_code


def test_supervisor_that_stops_its_task_says_so_once() -> None:
    supervisor = Supervisor()
    handle = report_missed_heartbeats(Supervisor.handle)
    for _ in range(4):
        handle(supervisor, ConnectionError("a secret"))
    assert supervisor.errors == [
        "Heartbeat lost: the API server did not accept 3 heartbeats (the last one: ConnectionError)."
        " The supervisor has stopped the task, which was killed by signal 15 (SIGTERM)."
    ]


def test_words_are_written_once_for_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    from astro_runtime_plugin.fixes.support import try_log

    written: list[Any] = []
    monkeypatch.setattr(try_log, "write", lambda *words: written.append(words))
    for text in ("first", "second"):
        write_once("a try", "log", text)
    write_once("another try", "log", "first")
    assert written == [("a try", "log", "first"), ("another try", "log", "first")]


def test_status_of_a_child_is_kept() -> None:
    proxy = OsProxy()
    pid = proxy.fork()
    if pid == 0:
        os._exit(3)
    assert proxy.waitpid(pid, 0) == (pid, 3 << 8)
    assert os.waitstatus_to_exitcode(proxy.status) == 3
