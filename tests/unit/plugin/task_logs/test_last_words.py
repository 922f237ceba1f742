"""Last words say what is known, once, and where somebody reads them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs import last_words
from astro_runtime_plugin.task_logs.last_words import (
    MAY_BE_CUT,
    describe_exit,
    doubt,
    lost_heartbeat,
    lost_pod,
    lost_supervisor,
    write_last_words,
)
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter
from astro_runtime_plugin.task_logs.stdout import LogEvent

TASK = TaskIdentity(dag_id="dag", run_id="run", task_id="task")
WORDS = LogEvent("t", "error", "l", "Heartbeat lost")
DATA = b"[t] ERROR - Heartbeat lost\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3, "ended with exit code 3"),
        (-9, "was killed by signal 9 (SIGKILL)"),
        (-100, "was killed by signal 100"),
    ],
)
def test_exit_is_a_code_or_a_signal(code: int, text: str) -> None:
    assert describe_exit(code) == text
    assert lost_supervisor(code) == f"The supervisor of the task {text}."


@pytest.mark.parametrize(
    ("last", "host", "pid", "part"),
    [
        (None, "h", 7, "no heartbeat of process 7 of host h for more than 300 s. The"),
        (None, None, None, "no heartbeat for more than 300 s. The"),
        (
            datetime(2026, 1, 1, tzinfo=timezone.utc),
            "h",
            None,
            "the last one came at 2026-01-01T00:00:00+00:00.",
        ),
    ],
)
def test_lost_heartbeat_names_what_is_known(last: Any, host: str | None, pid: int | None, part: str) -> None:
    assert part in lost_heartbeat(300, last, host, pid)


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (
            None,
            "The pod p was deleted before the task had ended: by eviction, drain, preemption or by hand.",
        ),
        ({"container_reason": "Error", "exit_code": 1}, ""),
        ({"container_reason": "Error", "exit_code": 137}, "The pod p failed; exit code 137 (signal 9)."),
        (
            {"container_reason": "OOMKilled", "exit_code": 137},
            "The pod p failed: OOMKilled (out of memory); exit code 137 (signal 9).",
        ),
        (
            {"pod_reason": "Evicted", "pod_message": "low on\nmemory. "},
            "The pod p failed: Evicted (an eviction): low on memory.",
        ),
    ],
)
def test_lost_pod_says_why_unless_the_task_has(details: dict[str, Any] | None, text: str) -> None:
    assert lost_pod("p", details) == text


def test_words_are_appended_once(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("first\n")
    writer = LogWriter(TaskLogSettings(), tmp_path)
    assert write_last_words(writer, TASK, "log", DATA, WORDS)
    assert not write_last_words(writer, TASK, "log", b"[later] ERROR - Heartbeat lost\n", WORDS)
    assert (tmp_path / "log").read_bytes() == b"first\n" + DATA


def test_no_file_is_created_without_a_store(tmp_path: Path) -> None:
    assert not write_last_words(LogWriter(TaskLogSettings(), tmp_path), TASK, "a/log", DATA, WORDS)
    assert list(tmp_path.iterdir()) == []


def test_words_for_the_store_are_a_part_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogWriter, "_start_shipper", lambda *_: None)
    writer = LogWriter(TaskLogSettings(url=f"file://{tmp_path}/store"), tmp_path / "logs")
    assert write_last_words(writer, TASK, "a/log", DATA, WORDS)
    (entry,) = writer.spool.entries()
    assert (entry.path, entry.identity, entry.writers) == ("a/log", TASK, [])
    assert (tmp_path / "logs/a/log").read_bytes() == DATA


@pytest.mark.parametrize(
    ("url", "path", "text"),
    [
        ("file:///store", "elsewhere", MAY_BE_CUT),  # its last second may have been on a machine that is gone
        ("file:///store", "log", ""),
        ("", "elsewhere", ""),
    ],
)
def test_words_from_another_machine_say_what_may_be_missing(
    tmp_path: Path, url: str, path: str, text: str
) -> None:
    (tmp_path / "log").touch()
    assert doubt(LogWriter(TaskLogSettings(url=url), tmp_path), path) == text


@pytest.mark.parametrize("path", ["../log", "/log", "a//log"])
def test_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "log").touch()
    with pytest.raises(ValueError, match="path"):
        write_last_words(LogWriter(TaskLogSettings(), tmp_path / "logs"), TASK, path, DATA, WORDS)
    assert (tmp_path / "log").read_bytes() == b""


def test_words_are_printed_with_their_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[bytes] = []
    monkeypatch.setattr(last_words, "print_line", printed.append)
    (tmp_path / "log").write_text("first\n")
    writer = LogWriter(TaskLogSettings(to_stdout=True), tmp_path)
    assert write_last_words(writer, TASK, "log", DATA, WORDS)
    assert b'"offset":6,' in printed[0]
