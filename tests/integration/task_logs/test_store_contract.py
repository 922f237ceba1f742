"""What every store of objects does, against real servers."""

from __future__ import annotations

import io
import os

import pytest

from astro_runtime_plugin.task_logs.stores.store import UPLOAD_BYTES, ChangedError
from tests.integration.task_logs.conftest import Place

KEY = "dag/attempt=1.log"
NAME = "dag_id=ä b/run_id=manual__2026-11-26T08:15:00+00:00/task_id=t#1?x=%41/attempt=1.log"


@pytest.fixture(params=["s3", "google"])
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue(f"{request.param}_place")
    return place


def test_new_object_does_not_replace_another(place: Place) -> None:
    assert place.store.put_new(KEY, b"first")
    assert not place.store.put_new(KEY, b"second")
    assert place.store.read(KEY, 0, 100) == b"first"


@pytest.mark.parametrize("size", [10, UPLOAD_BYTES, 2 * UPLOAD_BYTES + 1])
def test_object_is_replaced_only_as_it_was_listed(place: Place, size: int) -> None:
    first, second = os.urandom(size), os.urandom(size)
    place.store.put(KEY, io.BytesIO(first))
    with pytest.raises(ChangedError):
        place.store.put(KEY, io.BytesIO(second))
    (listed,) = place.store.list(KEY)
    place.store.put(KEY, io.BytesIO(second), listed)
    assert place.store.read(KEY, 0, size) == second
    with pytest.raises(ChangedError):
        place.store.put(KEY, io.BytesIO(first), listed)
    assert place.store.read(KEY, 0, size) == second


def test_objects_are_listed_by_prefix_and_walked_in_order(place: Place) -> None:
    names = [KEY, f"{KEY}.000000000000", "dag/attempt=10.log", "file", "other/attempt=1.log"]
    for name in names:
        place.store.put_new(name, b"text")
    assert [found.key for found in place.store.list("dag/attempt=1.")] == names[:2]
    assert [(found.size, found.modified > 0) for found in place.store.list("fi")] == [(4, True)]
    assert place.store.list("nothing/here") == []
    assert [found.key for found in place.store.walk()] == names
    assert [found.key for found in place.store.walk("other/")] == names[-1:]
    place.store.delete([*names, "never/written"])
    assert [*place.store.walk()] == []


def test_objects_are_listed_page_by_page(place: Place) -> None:
    names = [f"{KEY}.{number:012}" for number in range(1100)]
    for name in names:
        place.store.put_new(name, b"x")
    assert [found.key for found in place.store.list(KEY)] == names
    place.store.delete(names)
    assert place.store.list("") == []


def test_name_may_have_what_a_url_has_for_itself(place: Place) -> None:
    assert place.store.put_new(NAME, b"text")
    assert [found.key for found in place.store.list(NAME)] == [NAME]
    assert (place.store.read(NAME, 0, 9), place.store.size(NAME)) == (b"text", 4)
    place.store.delete([NAME])
    assert place.store.size(NAME) is None


def test_part_of_an_object_is_read(place: Place) -> None:
    place.store.put_new(KEY, b"0123456789")
    parts = [place.store.read(KEY, *ends) for ends in ((0, 3), (8, 20), (10, 20), (3, 3))]
    assert parts == [b"012", b"89", b"", b""]


def test_missing_object_is_not_found(place: Place) -> None:
    assert place.store.size(KEY) is None
    place.store.delete([KEY])
    with pytest.raises(FileNotFoundError):
        place.store.read(KEY, 0, 1)


class FailingSource(io.RawIOBase):
    """A file that cannot be read behind its first UPLOAD_BYTES."""

    left = UPLOAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self.left:
            raise EOFError
        size = min(len(buffer), self.left)
        buffer[:size], self.left = b"x" * size, self.left - size
        return size


def test_source_that_fails_leaves_no_object(place: Place) -> None:
    with pytest.raises(EOFError):
        place.store.put(KEY, io.BufferedReader(FailingSource()))  # type: ignore[type-var]
    assert place.store.list("") == []
