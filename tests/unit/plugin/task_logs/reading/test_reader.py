from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs.layout import Gap, StoredObject, chunk_key
from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

PATH = "dag/attempt=1.log"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))


class Memory(LogStore):
    """Objects in memory; `reads` are what was read."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def list(self, prefix: str) -> list[StoredObject]:
        return [
            StoredObject(key, len(data), 0.0) for key, data in self.objects.items() if key.startswith(prefix)
        ]

    def read(self, key: str, start: int, end: int) -> bytes:
        if key not in self.objects:
            raise FileNotFoundError(key)
        return self.objects[key][start:end]

    put_new = put = delete = size = None  # type: ignore[assignment]


def as_bytes(store: LogStore, start: int = 0) -> bytes:
    return b"".join(data for _, data in reader.read(store, PATH, start))


@given(st.binary(max_size=200), st.sets(st.integers(0, 200)), st.integers(0, 200), st.integers(0, 220))
def test_log_in_chunks_is_read_as_it_was_written(log: bytes, cuts: set[int], whole: int, start: int) -> None:
    whole = min(whole, len(log))
    ends = sorted({0, whole, len(log), *(cut for cut in cuts if cut < len(log))})
    objects = {chunk_key(PATH, a): log[a:b] for a, b in pairwise(ends)}
    store = Memory({PATH: log[:whole], **objects})
    assert as_bytes(store, start) == log[start:]
    lines = list(reader.stream_lines(store, PATH))
    assert b"\n".join(line.data for line in lines) == log.removesuffix(b"\n")
    assert all(log[line.offset :].startswith(line.data) for line in lines)


@given(
    st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"")), max_size=20),
    st.integers(1, 60),
)
def test_tail_begins_with_a_line(lines: list[bytes], size: int) -> None:
    log = b"".join(line + b"\n" for line in lines)
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    expected = [line for offset, line in zip(offsets, lines, strict=True) if offset >= len(log) - size]
    assert [line.data for line in reader.tail(Memory({PATH: log}), PATH, size)] == expected


def test_missing_stretch_is_said_where_it_is_missing() -> None:
    store = Memory({chunk_key(PATH, 0): b"one\ntwo", chunk_key(PATH, 20): b"three\n"})
    assert [line.data for line in reader.stream_lines(store, PATH)] == [
        b"one",
        b"two",
        b"*** 13 bytes of this log are missing here (from offset 7 to 20)",
        b"three",
    ]
    assert [segment for segment, _ in reader.read(store, PATH) if isinstance(segment, Gap)] == [Gap(7, 20)]


@given(st.integers(1, 200), st.integers(1, 64))
def test_filler_of_a_gap_is_as_long_as_the_gap(length: int, block: int) -> None:
    gap = Gap(10, 10 + length)
    filler = b"".join(
        reader.gap_filler(gap, position, min(block, gap.end - position))
        for position in range(gap.start, gap.end, block)
    )
    assert len(filler) == length
    assert filler.endswith(b"\n")


def test_long_line_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_LINE_BYTES", 10)
    monkeypatch.setattr(reader, "READ_BYTES", 5)
    lines = list(reader.stream_lines(Memory({PATH: b"x" * 25 + b"\nend"}), PATH))
    assert [line.data for line in lines] == [b"x" * 10, b"x" * 10, b"x" * 5, b"end"]
    assert [line.offset for line in lines] == [0, 10, 20, 26]


def test_chunks_that_become_the_whole_meanwhile_are_read_once(store: LogStore) -> None:
    store.put_new(chunk_key(PATH, 0), b"first\n")
    store.put_new(chunk_key(PATH, 6), b"second\n")
    found = reader.read(store, PATH)
    assert next(found)[1] == b"first\n"
    store.put(PATH, io.BytesIO(b"first\nsecond\n"))
    store.delete([chunk_key(PATH, 0), chunk_key(PATH, 6)])
    assert [data for _, data in found] == [b"second\n"]


def test_objects_that_vanish_for_ever_are_an_error() -> None:
    class Vanishing(Memory):
        def read(self, key: str, start: int, end: int) -> bytes:
            raise FileNotFoundError(key)

    with pytest.raises(StoreError, match="vanish"):
        list(reader.read(Vanishing({PATH: b"text"}), PATH))


def test_follower_gets_each_line_once_it_is_complete() -> None:
    store = Memory({PATH: b"one\ntw"})
    steps: Iterator[bytes] = iter((b"one\ntwo\nthr", b"one\ntwo\nthree"))
    rounds = iter((False, False, True))

    def wait(_: float) -> None:
        store.objects[PATH] = next(steps)

    lines = reader.follow(store, PATH, ended=lambda: next(rounds), wait=wait)
    assert [line.data for line in lines] == [b"one", b"two", b"three"]


def test_path_that_leads_elsewhere_is_not_read() -> None:
    with pytest.raises(ValueError, match="path"):
        list(reader.read(Memory({}), "../secret"))
