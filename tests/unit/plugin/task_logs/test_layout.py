from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs.layout import (
    MAX_BYTES,
    Gap,
    StoredObject,
    Stretch,
    check_path,
    chunk_key,
    chunk_offset,
    covered_chunks,
    end_of,
    log_path,
    segments,
)

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
OFFSETS = st.integers(0, MAX_BYTES - 1)


def stored(offset: int | None, size: int) -> StoredObject:
    return StoredObject(PATH if offset is None else chunk_key(PATH, offset), size, 0.0)


CHUNKS = st.dictionaries(st.integers(0, 60), st.integers(0, 30), max_size=8)
LISTINGS = st.builds(
    lambda whole, chunks: (
        ([] if whole is None else [stored(None, whole)])
        + [stored(offset, size) for offset, size in chunks.items()]
    ),
    st.none() | st.integers(0, 60),
    CHUNKS,
)


@given(OFFSETS)
def test_chunk_keys_lead_back(offset: int) -> None:
    key = chunk_key(PATH, offset)
    assert chunk_offset(PATH, key) == offset
    assert log_path(key) == PATH


@given(st.lists(OFFSETS))
def test_chunk_keys_sort_by_offset(offsets: list[int]) -> None:
    assert sorted(chunk_key(PATH, offset) for offset in offsets) == [
        chunk_key(PATH, offset) for offset in sorted(offsets)
    ]


@pytest.mark.parametrize("offset", [-1, MAX_BYTES])
def test_offset_of_too_many_digits_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="offset"):
        chunk_key(PATH, offset)


@pytest.mark.parametrize(
    "key",
    [
        PATH,
        f"{PATH}.trigger.5.log",
        f"{PATH}.trigger.5.log.000000000000",
        f"{PATH}.00000000000",
        f"{PATH}.0000000000000",
        f"{PATH}.00000000000٣",
        f"{PATH}.000000000000\n",
        "another.000000000000",
    ],
)
def test_other_keys_are_no_chunks(key: str) -> None:
    assert chunk_offset(PATH, key) is None


@given(LISTINGS, st.integers(0, 100))
def test_segments_are_adjacent_up_to_the_end(objects: list[StoredObject], start: int) -> None:
    found = segments(PATH, objects, start)
    position = start
    for segment in found:
        assert segment.start == position < segment.end
        position = segment.end
    assert position == max(start, end_of(PATH, objects))


@given(LISTINGS)
def test_segments_have_each_byte_of_the_objects_once(objects: list[StoredObject]) -> None:
    whole = next((found.size for found in objects if found.key == PATH), 0)
    expected = set(range(whole))
    for found in objects:
        offset = chunk_offset(PATH, found.key)
        if offset is not None and offset >= whole:
            expected.update(range(offset, offset + found.size))
    read = {
        place
        for segment in segments(PATH, objects)
        if isinstance(segment, Stretch)
        for place in range(segment.start, segment.end)
    }
    assert read == expected


@given(LISTINGS)
def test_stretches_lie_in_their_objects(objects: list[StoredObject]) -> None:
    sizes = {found.key: found.size for found in objects}
    for segment in segments(PATH, objects):
        if isinstance(segment, Stretch):
            offset = chunk_offset(PATH, segment.key) or 0
            assert segment.start - segment.skip == offset
            assert segment.end == offset + sizes[segment.key]


def test_chunk_of_which_the_whole_has_a_part_is_left_out() -> None:
    objects = [
        stored(5, 10),
        stored(None, 8),
        stored(8, 3),
        stored(20, 1),
        StoredObject(f"{PATH}.trigger.1.log", 99, 0.0),
    ]
    assert segments(PATH, objects) == [
        Stretch(PATH, 0, 0, 8),
        Stretch(chunk_key(PATH, 8), 0, 8, 11),
        Gap(11, 20),
        Stretch(chunk_key(PATH, 20), 0, 20, 21),
    ]


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../b", "a//b", "./a", "a/", "a\0b", "x" * 2000])
def test_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        check_path(path)


def test_path_of_a_log_is_accepted() -> None:
    assert check_path(PATH) == PATH


@given(LISTINGS)
def test_covered_chunks_are_those_of_which_nothing_is_read(objects: list[StoredObject]) -> None:
    covered = [found for _, found in covered_chunks(PATH, objects)]
    whole = next((found.size for found in objects if found.key == PATH), 0)
    below = [found for found in objects if found.key != PATH and 0 < end_of(PATH, [found]) <= whole]
    assert sorted(covered) == sorted(found for found in below if found.size)
    left = [found for found in objects if found not in covered]
    assert segments(PATH, left) == segments(PATH, objects)
