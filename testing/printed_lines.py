"""The lines of tasks' logs that a process has printed for collectors, and the log that they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

START = '{"kind":"task_log",'


def printed_lines(output: str) -> list[dict[str, Any]]:
    """Return the objects in the output of a component; its last line may be half written."""
    complete = output.rpartition("\n")[0]
    return [json.loads(line) for line in complete.splitlines() if line.startswith(START)]


def other_lines(output: str) -> list[str]:
    """Return the other lines of the output."""
    return [line for line in output.splitlines() if not line.startswith(START)]


def assert_printed_once(lines: list[dict[str, Any]], log: Path) -> None:
    """Assert that each line of the log begins at the offset of one object, and that there are no others."""
    assert sorted(line["offset"] for line in lines) == record_starts(log)


def record_starts(log: Path) -> list[int]:
    """Return where the lines of a log begin, in bytes.

    A record of Airflow 2 may have several lines; the others of these begin with no bracket.
    """
    starts, position = [], 0
    for text in log.read_bytes().splitlines(keepends=True):
        if text.startswith((b"{", b"[")):
            starts.append(position)
        position += len(text)
    return starts
