"""What the interpreter of a task prints goes into the log of its parent, but for lines for stdout."""

from __future__ import annotations

import io
import json
import logging
import os
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.airflow2 import stdout
from astro_runtime_plugin.task_logs.airflow2.stdout import RecordPrinter, TaskOutput
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.stdout import MARK


@pytest.mark.parametrize("kind", ["text", "bytes"])
def test_printed_lines_pass_by_the_log(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr("astro_runtime_plugin.task_logs.stdout.STDOUT", writer)
    content = b"first\n" + MARK + b'"offset":1}\nsecond\n'
    output = TaskOutput(io.BytesIO(content) if kind == "bytes" else io.StringIO(content.decode()))
    lines = [output.readline() for _ in range(3)]
    os.close(writer)
    with open(reader, "rb") as passed:
        assert passed.read() == MARK + b'"offset":1}\n'
    assert [str(line, "ascii") if isinstance(line, bytes) else line for line in lines] == [
        "first\n",
        "second\n",
        "",
    ]


def test_lines_pass_by_the_log_though_stdout_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # a write fails with EPIPE; the task must not wait for its parent then
    monkeypatch.setattr("astro_runtime_plugin.task_logs.stdout.STDOUT", writer)
    output = TaskOutput(io.BytesIO(MARK + b'"offset":1}\nsecond\n'))
    assert output.readline() == b"second\n"
    os.close(writer)


def test_record_is_printed_with_its_offset_though_others_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[bytes] = []
    monkeypatch.setattr(stdout, "print_line", printed.append)
    path = tmp_path / "log"
    inner = logging.FileHandler(path)
    printer = RecordPrinter(inner, TaskIdentity(dag_id="dag", run_id="run", task_id="task"), "log")
    inner.setFormatter(logging.Formatter("prefix - %(message)s"))  # as Airflow does later
    for text in ("first \u2603", "second\nline", "third"):
        record = logging.LogRecord("logger", logging.INFO, __file__, 1, text, (), None)
        inner.emit(record)
        printer.print_record(record)
        with path.open("a") as other:
            other.write("from another process\n")
    inner.close()
    data = path.read_bytes()
    for line in map(json.loads, printed):
        assert data[line["offset"] :].decode().startswith(f"prefix - {line['message']}\n")
    assert [json.loads(line)["message"] for line in printed] == ["first \u2603", "second\nline", "third"]
