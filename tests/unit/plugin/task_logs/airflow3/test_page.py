"""What a page of Airflow 3 shows of a try's files: each line once, in order, the end of a long log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.airflow3 import page as page_module
from astro_runtime_plugin.task_logs.airflow3.page import TryFiles, read_try
from astro_runtime_plugin.task_logs.layout import Gap, StoredObject, chunk_key
from astro_runtime_plugin.task_logs.reading.reader import gap_filler
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

PATH = "dag_id=d/attempt=1.log"
TRIGGER = f"{PATH}.trigger.7.log"
HEADER = ["::group::Log message source details", PATH, "::endgroup::"]


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    (tmp_path / "store").mkdir()
    return open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))


def line(event: str, second: int = 0) -> bytes:
    return json.dumps({"timestamp": f"2026-01-01T00:00:{second:02}Z", "event": event}).encode() + b"\n"


def page(
    store: LogStore, metadata: Mapping[str, Any] | None = None, *, has_ended: bool = True
) -> tuple[list[str], Any]:
    view = LogView(store, "/nowhere")
    files = TryFiles(view, view.list(PATH), has_ended)
    lines, answer = read_try(files, metadata or {}, lambda _, path: path)
    return [message.event for message in lines], answer


def test_parts_of_a_deferred_try_are_shown_by_time(store: LogStore) -> None:
    worker = line("start", 1) + line("deferred", 2) + line("resumed", 5) + line("end", 6)
    store.put_new(chunk_key(PATH, 0), worker)
    store.put_new(chunk_key(TRIGGER, 0), line("trigger starts", 3) + line("trigger fires", 4))
    events, answer = page(store)
    assert events[:4] == [HEADER[0], PATH, TRIGGER, HEADER[-1]]
    assert events[4:] == ["start", "deferred", "trigger starts", "trigger fires", "resumed", "end"]
    assert answer["end_of_log"] is True


def test_equal_lines_and_lines_out_of_order_are_all_shown_as_written(store: LogStore) -> None:
    store.put_new(chunk_key(PATH, 0), line("b", 9) + line("a", 1) * 3 + b"plain text\n" + line("c", 5))
    assert page(store)[0] == [*HEADER, "b", "a", "a", "a", "plain text", "c"]


def test_growing_log_is_shown_from_where_the_last_answer_ended(store: LogStore) -> None:
    first, second = line("first"), line("second ☃")
    cut = len(second) - 4  # within the snowman
    store.put_new(chunk_key(PATH, 0), first + second[:cut])
    events, answer = page(store, has_ended=False)
    assert events == [*HEADER, "first"]
    assert answer["end_of_log"] is False
    assert page(store, answer, has_ended=False)[0] == []
    store.put_new(chunk_key(PATH, len(first) + cut), second[cut:] + line("third"))
    events, answer = page(store, answer, has_ended=False)
    assert events == ["second ☃", "third"]
    assert page(store, answer)[0] == []


def test_last_line_without_line_break_is_shown_when_the_try_has_ended(store: LogStore) -> None:
    store.put_new(chunk_key(PATH, 0), line("first") + b"killed in the mid")
    assert page(store)[0] == [*HEADER, "first", "killed in the mid"]


def test_answer_of_airflows_own_is_continued(store: LogStore) -> None:
    store.put_new(chunk_key(PATH, 0), line("first") + line("second"))
    assert page(store, {"log_pos": 1})[0] == ["second"]


def test_answer_of_airflows_own_is_continued_in_a_long_log(
    store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_new(chunk_key(PATH, 0), b"".join(line(f"line {number}") for number in range(9)))
    monkeypatch.setattr(page_module, "TAIL_BYTES", 2 * len(line("line 0")))
    assert page(store, {"log_pos": 7})[0] == ["line 7", "line 8"]


def test_store_that_fails_between_two_answers_repeats_nothing(
    store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_new(chunk_key(PATH, 0), line("first"))
    _, answer = page(store, has_ended=False)
    store.put_new(chunk_key(PATH, len(line("first"))), line("second"))

    def fail(*_: object) -> bytes:
        raise StoreError("cannot be read: time-out")

    with monkeypatch.context() as outage:
        outage.setattr(store, "read", fail)
        events, answer = page(store, answer, has_ended=False)
        assert events == []
    assert page(store, answer, has_ended=False)[0] == ["second"]


@pytest.mark.parametrize("has_ended", [True, False])
def test_long_log_is_shown_from_a_line_near_its_end(
    store: LogStore, monkeypatch: pytest.MonkeyPatch, has_ended: bool
) -> None:
    texts = [line(f"line {number}") for number in range(100)]
    store.put_new(chunk_key(PATH, 0), b"".join(texts))
    for limit in (len(texts[-1]) * 3, len(texts[-1]) * 3 + 1):  # at the beginning of a line, and before it
        monkeypatch.setattr(page_module, "TAIL_BYTES", limit)
        events, answer = page(store, has_ended=has_ended)
        assert events[4:] == ["line 97", "line 98", "line 99"]
        assert events[3].startswith(
            "*** The first 0.0 MiB of attempt=1.log are left out here: `astro-runtime logs`"
        )
        assert page(store, answer)[0] == []
    whole, _ = page(store, {"download_logs": True}, has_ended=has_ended)
    assert whole[3:] == [f"line {number}" for number in range(100)]


def test_gap_is_shown_where_it_is(store: LogStore) -> None:
    first = line("first")
    store.put_new(chunk_key(PATH, 0), first)
    store.put_new(chunk_key(PATH, len(first) + 10), line("second"))
    view = LogView(store, "/nowhere")
    lines, _ = read_try(TryFiles(view, view.list(PATH), True), {}, lambda _, path: path)
    first_line, gap, second_line = [*lines][3:]
    assert [first_line.event, second_line.event] == ["first", "second"]
    assert "10 bytes" in gap.event
    assert gap.model_extra == {"level": "warning"}


def test_gap_in_the_whole_object_is_a_warning(store: LogStore) -> None:
    filler = gap_filler(Gap(0, 500), 0, 500)
    store.put_new(PATH, filler + line("second"))
    view = LogView(store, "/nowhere")
    lines, _ = read_try(TryFiles(view, view.list(PATH), True), {}, lambda _, path: path)
    gap = [*lines][3]
    assert gap.event == "*** 500 bytes of this log are missing here (from offset 0 to 500)"
    assert gap.model_extra == {"level": "warning"}


def test_bytes_that_are_no_text_are_shown_as_such(store: LogStore) -> None:
    store.put_new(chunk_key(PATH, 0), b"\xff\x00 caf\xc3\xa9\n" + line("end"))
    assert page(store)[0][3:] == ["\ufffd\x00 café", "end"]


def test_store_that_fails_meanwhile_ends_the_page_with_a_line(
    store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_new(chunk_key(PATH, 0), line("first"))

    def fail(*_: object) -> bytes:
        raise StoreError("cannot be read: time-out")

    monkeypatch.setattr(store, "read", fail)
    assert page(store)[0] == [*HEADER, f"*** {PATH} ends here: the store cannot be read: time-out"]


@pytest.mark.parametrize("offset", ["", "[]", "{", '{"a": "b"}', 5, None])
def test_metadata_that_is_not_ours_counts_as_none(store: LogStore, offset: Any) -> None:
    store.put_new(chunk_key(PATH, 0), line("first"))
    assert page(store, {"offset": offset})[0] == [*HEADER, "first"]


def test_objects_of_another_try_do_not_belong() -> None:
    from astro_runtime_plugin.task_logs.airflow3.reading import belongs

    names = [PATH, TRIGGER, f"{PATH}.trigger.x.log", f"{PATH}0", f"{PATH}.trigger.7.log.bak"]
    keys = [StoredObject(key, 1, 0.0).key for name in names for key in (name, chunk_key(name, 5))]
    assert [key for key in keys if belongs(PATH, key)] == [
        key for name in (PATH, TRIGGER) for key in (name, chunk_key(name, 5))
    ]
