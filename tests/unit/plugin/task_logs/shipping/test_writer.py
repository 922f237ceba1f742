from __future__ import annotations

import errno
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping import entry_lock, writer
from astro_runtime_plugin.task_logs.shipping.leftovers import MIN_AGE_SECONDS
from astro_runtime_plugin.task_logs.shipping.records import Leftover
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

PATH = "dag/attempt=1.log"


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that would be run."""
    found: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda words, **_: found.append(words))
    return found


class FakeTime:
    """A clock that stands still but for pauses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def log_writer(folder: Path, url: str = "file:///store") -> LogWriter:
    return LogWriter(TaskLogSettings(url=url), folder / "logs")


def test_begin_registers_the_log_and_starts_a_shipper(tmp_path: Path, starts: list[list[str]]) -> None:
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    assert [entry.path for entry in ours.spool.entries()] == [PATH]
    (words,) = starts
    assert writer.SHIPPER in words
    assert {str(tmp_path / "logs"), "file:///store"} <= set(words)


def test_shipper_is_not_started_twice(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "START_SECONDS", 3600)
    log_writer(tmp_path).begin(PATH)
    log_writer(tmp_path).begin("another.log")
    assert len(starts) == 1


def test_running_shipper_is_not_started(tmp_path: Path, starts: list[list[str]]) -> None:
    ours = log_writer(tmp_path)
    ours.spool.register(PATH)
    assert ours.spool.lock_shipper() is not None
    ours.begin(PATH)
    assert starts == []


def test_shipper_is_looked_for_once_a_second(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeTime(monkeypatch)
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    looks: list[Any] = []
    monkeypatch.setattr(ours.spool, "lock_shipper", lambda: looks.append(1))
    for _ in range(1000):
        ours.ensure_shipper()
    assert looks == []
    clock.now += writer.CHECK_SECONDS
    for _ in range(1000):
        ours.ensure_shipper()
    assert looks == [1]


def test_variables_are_kept_for_the_next_shipper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environs: list[dict[str, str]] = []
    monkeypatch.setattr("subprocess.run", lambda *_, env, **__: environs.append(env))
    ours = log_writer(tmp_path)
    ours.spool.register(PATH)
    ours.shipper_environ = {"AIRFLOW_CONN_LOGS": "a connection"}
    ours.ensure_shipper()
    (ours.spool.folder / "shipper.started").unlink()
    ours.end(PATH)
    assert [environ["AIRFLOW_CONN_LOGS"] for environ in environs] == ["a connection"] * 2


def test_without_a_store_nothing_happens(tmp_path: Path, starts: list[list[str]]) -> None:
    ours = log_writer(tmp_path, url="")
    ours.begin(PATH)
    ours.ensure_shipper()
    ours.sweep()
    assert ours.end(PATH) is False
    assert starts == []
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd"])
def test_path_outside_the_folder_leaves_the_log_local_with_one_warning(
    tmp_path: Path, starts: list[list[str]], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    ours = log_writer(tmp_path)
    with caplog.at_level(logging.WARNING):
        ours.begin(path)
        ours.begin(path)
        assert ours.end(path) is False
    assert caplog.messages == ["astro-runtime: a task's log stays local: ValueError"]
    assert starts == []


def test_shipper_that_cannot_be_started_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.run", fail)
    with caplog.at_level(logging.WARNING):
        log_writer(tmp_path).begin(PATH)
    assert len(caplog.messages) == 1


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_flush_waits_for_a_log_whose_writer_has_ended(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = log_writer(tmp_path)
    entry = ours.spool.register(PATH, pid=ended_process())
    FakeTime(monkeypatch)
    assert ours.flush(0.01) is False
    assert len(starts) == 1  # nobody else may have started a shipper
    ours.spool.remove(entry)
    assert ours.flush(60) is True


def test_flush_ends_the_logs_of_this_process_and_waits_for_no_other_that_grows(
    tmp_path: Path, starts: list[list[str]]
) -> None:
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    ours.begin("another.log", pid=os.getppid())
    assert ours.flush(0) is False
    assert [entry.path for entry in ours.spool.ended_entries()] == [PATH]
    ours.spool.remove(ours.spool.ended_entries()[0])
    assert ours.flush(60) is True
    assert [entry.path for entry in ours.spool.entries()] == ["another.log"]


@pytest.mark.parametrize("how", ["end", "flush"])
def test_lock_that_is_held_for_long_is_tried_again_while_the_end_waits(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A process that was stopped, or waits for a slow disk, holds the lock of the entries."""
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    monkeypatch.setattr(entry_lock, "LOCK_SECONDS", 0)
    monkeypatch.setattr(writer, "CHECK_SECONDS", 0)
    with open(ours.spool.folder / "lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def pause(_: float) -> None:
            fcntl.flock(lock, fcntl.LOCK_UN)
            for entry in ours.spool.ended_entries():  # as the shipper does
                ours.spool.remove(entry)

        monkeypatch.setattr("time.sleep", pause)
        assert (ours.end(PATH, 60) if how == "end" else ours.flush(60)) is True
    assert ours.spool.entries() == []


def test_flush_without_a_store_or_a_log_has_nothing_to_wait_for(tmp_path: Path) -> None:
    assert log_writer(tmp_path, url="").flush(60) is False
    assert log_writer(tmp_path).flush(60) is True
    assert not (tmp_path / "logs").exists()


def test_writer_is_read_from_the_configuration(tmp_path: Path) -> None:
    conf = ConfigParser()
    conf.read_dict(
        {"logging": {"base_log_folder": str(tmp_path)}, "astro_runtime": {"task_logs": "file:///store"}}
    )
    ours = writer.from_conf(conf)
    assert (ours.settings.url, ours.spool.log_folder) == ("file:///store", tmp_path)


def test_log_that_could_not_be_registered_is_with_a_later_line(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = log_writer(tmp_path)
    fill_disk(ours, monkeypatch)
    ours.begin(PATH)
    assert ours.spool.entries() == []
    monkeypatch.undo()
    monkeypatch.setattr("subprocess.run", lambda words, **_: starts.append(words))
    monkeypatch.setattr(writer, "CHECK_SECONDS", 0)
    ours.ensure_shipper()
    (entry,) = ours.spool.entries()
    assert [each.pid for each in entry.writers] == [os.getpid()]
    assert len(starts) == 1


def test_end_that_could_not_be_registered_is_with_another_logs(
    tmp_path: Path, starts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    with monkeypatch.context() as full:
        fill_disk(ours, full)
        assert ours.end(PATH) is False
        ours.begin("early.log")
        ours.end("early.log")
    ours.begin("another.log")
    writers = {entry.path: len(entry.writers) for entry in ours.spool.entries()}
    assert writers == {PATH: 0, "early.log": 0, "another.log": 1}


def fill_disk(ours: LogWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ours.spool, "_write", fail)


@pytest.mark.parametrize("is_deleted", [True, False])
def test_file_that_was_deleted_before_the_log_began_is_replaced(
    tmp_path: Path, starts: list[list[str]], is_deleted: bool
) -> None:
    """The shipper deletes the file of a try's first part while the process that resumes it has just opened it."""
    ours = LogWriter(TaskLogSettings(url="file:///store", delete_local=True), tmp_path)
    file = tmp_path / "try.log"
    file.write_bytes(b"first part\n")
    with open(file, "ab", buffering=0) as log_file:
        if is_deleted:
            file.unlink()
        ours.begin("try.log", descriptor=log_file.fileno())
        log_file.write(b"second part\n")
    assert file.read_bytes() == (b"" if is_deleted else b"first part\n") + b"second part\n"


def test_component_says_where_the_logs_go(tmp_path: Path) -> None:
    log_writer(tmp_path).aim()
    ours = LogWriter(
        TaskLogSettings(url="file:///next", conn_id="mine", delete_local=True), tmp_path / "logs"
    )
    ours.aim()
    target = ours.spool.target()
    assert target
    assert target.model_dump() == {"url": "file:///next", "conn_id": "mine", "delete_local": True}


@pytest.mark.parametrize(("age", "count"), [(0, 0), (MIN_AGE_SECONDS + 1, 1)])
def test_shipper_is_started_for_chunks_that_may_go(
    tmp_path: Path, starts: list[list[str]], age: float, count: int
) -> None:
    """Also for those of another host that wrote into this log folder."""
    ours, gone = log_writer(tmp_path), Spool(tmp_path / "logs", "gone")
    gone.folder.mkdir(parents=True)
    gone.save_leftover(Leftover(path=PATH, store="file:///store", end=8, since=time.time() - age))
    ours.sweep()
    assert len(starts) == count


class StuckError(BaseException):
    """A signal's handler waits for its own process."""


@pytest.fixture
def handlers() -> Iterator[None]:
    """Give signals their handlers back."""
    numbers = (signal.SIGUSR1, signal.SIGALRM)
    former = [signal.getsignal(number) for number in numbers]
    yield
    signal.alarm(0)
    for number, handler in zip(numbers, former, strict=True):
        signal.signal(number, handler)


def raise_stuck(*_: Any) -> None:
    raise StuckError


def test_signal_handler_that_logs_does_not_wait_for_its_own_process(
    tmp_path: Path, starts: list[list[str]], handlers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = log_writer(tmp_path)
    register = ours.spool.register

    def register_interrupted(*arguments: Any) -> None:
        register(*arguments)
        if arguments[0] == PATH:
            with ours.spool.locked():
                signal.raise_signal(signal.SIGUSR1)

    monkeypatch.setattr(ours.spool, "register", register_interrupted)
    signal.signal(signal.SIGUSR1, lambda *_: ours.begin("another.log"))
    signal.signal(signal.SIGALRM, raise_stuck)
    signal.alarm(300)
    ours.begin(PATH)
    assert [entry.path for entry in ours.spool.entries()] == [PATH]
    ours.begin("the next.log")
    assert {entry.path for entry in ours.spool.entries()} == {PATH, "another.log", "the next.log"}
