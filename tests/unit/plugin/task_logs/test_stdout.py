"""A line is one JSON object of a limited length, whatever its text."""

from __future__ import annotations

import json
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs import stdout
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.stdout import FIELDS, MARK, MAX_BYTES, LogEvent, Place
from testing.entrypoint_process import CHECKOUT

TASK = TaskIdentity(dag_id="dag", run_id="run", task_id="task", map_index=3, try_number=2)
LINE = LogEvent("2026-01-01T00:00:00Z", "info", "mine", "text ☃", "Traceback\nError: no", {"more": 1})
PLACE = Place(TASK, "path")


def parse(data: bytes) -> dict[str, object]:
    result: dict[str, object] = json.loads(data)
    return result


def test_line_has_the_documented_fields() -> None:
    result = parse(PLACE.render(7, LINE))
    assert [*result, "cut"] == list(FIELDS)
    assert result["offset"] == 7
    assert result["message"] == "text ☃"
    assert (result["map_index"], result["try_number"]) == (3, 2)


def test_fields_without_a_value_are_absent_or_null() -> None:
    result = parse(PLACE.render(0, LINE._replace(exception=None, fields={})))
    assert result["exception"] is None
    assert "fields" not in result


@given(st.text(max_size=60_000), st.none() | st.text(max_size=60_000))
def test_any_text_is_one_short_line(message: str, exception: str | None) -> None:
    line = PLACE.render(0, LINE._replace(message=message * 50, exception=exception))
    assert len(line) <= MAX_BYTES
    assert line.count(b"\n") == 1
    assert line.startswith(MARK)
    parse(line)


def test_long_line_keeps_the_beginning_of_the_text_and_the_end_of_the_traceback() -> None:
    long = LINE._replace(message="first " + "m" * 50_000, exception="e" * 50_000 + " last")
    result = parse(PLACE.render(0, long))
    message, exception = str(result["message"]), str(result["exception"])
    assert message.startswith("first m")
    assert exception.endswith("e last")
    left = len(b'{"more":1}')
    assert result["cut"] == 100_011 + left - len(message) - len(exception)


@pytest.mark.parametrize("text", ["\x00\x1b" * 20_000, "\ud800" * 20_000, "☃" * 20_000])
def test_binary_text_is_limited_as_it_is_written(text: str) -> None:
    assert len(PLACE.render(0, LINE._replace(message=text))) <= MAX_BYTES


def test_line_reaches_a_pipe_that_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    monkeypatch.setattr("select.select", lambda *_: os.read(reader, 1 << 16))
    stdout.write_all(writer, b"line\n")
    os.close(writer)
    with open(reader, "rb") as rest:
        assert rest.read().endswith(b"line\n")


def test_closed_stdout_is_one_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(stdout, "STDOUT", writer)
    stdout.warn_once.cache_clear()
    for _ in range(2):
        stdout.print_line(b"line\n")
    os.close(writer)
    assert len(caplog.messages) == 1
    assert "Broken pipe" in caplog.text


def test_page_explains_every_field() -> None:
    page = (CHECKOUT / "docs/how-to/collect-task-logs.md").read_text()
    for name, meaning in FIELDS.items():
        assert f"| `{name}` | {meaning} |" in page
