"""The numbered lines that a task of the benchmark writes, and which of them are missing or there twice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from typing import NamedTuple

NUMBER = re.compile(rb"line (\d+) of the task")
FORMATS = {
    "3.3": '{{"timestamp":"{time}","level":"info","event":"{text}","logger":"task.stdout"}}\n',
    "2.11": "[{time}] {{logging_mixin.py:190}} INFO - {text}\n",
}


class Loss(NamedTuple):
    """How many lines a log had, and how many of them are missing in the store or there more than once."""

    written: int
    lost: int
    doubled: int


def compare(written: bytes, stored: bytes) -> Loss:
    """Return what is wrong with the lines in the store, `stored`, of a log that was `written`."""
    numbers, counts = {*NUMBER.findall(written)}, Counter(NUMBER.findall(stored))
    return Loss(len(numbers), len(numbers - {*counts}), sum(count - 1 for count in counts.values()))


def log_line(line: str, text: str) -> bytes:
    """Return a text as Airflow of this `line` writes it into a log."""
    time = datetime.now(timezone.utc).isoformat()
    return FORMATS[line].format(time=time, text=text).encode()
