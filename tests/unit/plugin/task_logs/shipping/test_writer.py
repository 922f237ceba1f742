from __future__ import annotations

import logging
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping import writer
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

PATH = "dag/attempt=1.log"


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that would be run."""
    found: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda words, **_: found.append(words))
    return found


def log_writer(folder: Path, url: str = "file:///store") -> LogWriter:
    return LogWriter(TaskLogSettings(url=url), folder / "logs")


def test_begin_registers_the_log_and_starts_a_shipper(tmp_path: Path, starts: list[list[str]]) -> None:
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    assert [entry.path for entry in ours.spool.entries()] == [PATH]
    (words,) = starts
    assert writer.SHIPPER in words
    assert {str(tmp_path / "logs"), "file:///store"} <= set(words)


def test_shipper_is_not_started_twice(tmp_path: Path, starts: list[list[str]]) -> None:
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
    ours = log_writer(tmp_path)
    ours.begin(PATH)
    looks: list[Any] = []
    monkeypatch.setattr(ours.spool, "lock_shipper", lambda: looks.append(1))
    for _ in range(1000):
        ours.ensure_shipper()
    assert looks == []


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


def test_writer_is_read_from_the_configuration(tmp_path: Path) -> None:
    conf = ConfigParser()
    conf.read_dict(
        {"logging": {"base_log_folder": str(tmp_path)}, "astro_runtime": {"task_logs": "file:///store"}}
    )
    ours = writer.from_conf(conf)
    assert (ours.settings.url, ours.spool.log_folder) == ("file:///store", tmp_path)
