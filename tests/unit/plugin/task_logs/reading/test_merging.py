"""Lines of several logs: by time, and those of one log as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs.reading.merging import EARLIEST, merge_by_time

Line = tuple["datetime | None", str]


def line(second: int | None, text: str = "") -> Line:
    return None if second is None else EARLIEST + timedelta(seconds=second), text


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([], ""),
        ([[]], ""),
        ([[line(2, "a"), line(1, "b")]], "ab"),
        ([[line(1, "a"), line(3, "c")], [line(2, "b"), line(4, "d")]], "abcd"),
        ([[line(1, "a"), line(None, "b"), line(3, "d")], [line(2, "c")]], "abcd"),
        ([[line(3, "b"), line(1, "c")], [line(2, "a"), line(4, "d")]], "abcd"),
        ([[line(1, "a")], [line(1, "b")], [line(1, "c")]], "abc"),
        ([[line(5, "b")], [line(None, "a")]], "ab"),
    ],
)
def test_lines_are_merged(logs: list[list[Line]], expected: str) -> None:
    assert "".join(text for _, text in merge_by_time(logs, itemgetter(0))) == expected


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 9))), max_size=4))
def test_each_line_comes_once_and_each_log_keeps_its_order(times: list[list[int | None]]) -> None:
    logs = [
        [line(second, f"{log} {number}") for number, second in enumerate(seconds)]
        for log, seconds in enumerate(times)
    ]
    merged = [text for _, text in merge_by_time(logs, itemgetter(0))]
    for number, log in enumerate(logs):
        assert [text for text in merged if text.startswith(f"{number} ")] == [text for _, text in log]
    assert len(merged) == sum(map(len, logs))
