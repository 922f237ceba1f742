"""What the interpreter of a task prints goes into the log of its parent, but for lines for stdout."""

from __future__ import annotations

import io
import os

import pytest

from astro_runtime_plugin.task_logs.airflow2 import stdout
from astro_runtime_plugin.task_logs.airflow2.stdout import TaskOutput
from astro_runtime_plugin.task_logs.stdout import MARK


@pytest.mark.parametrize("kind", ["text", "bytes"])
def test_printed_lines_pass_by_the_log(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr(stdout, "STDOUT", writer)
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
