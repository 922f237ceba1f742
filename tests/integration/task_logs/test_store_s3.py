"""The store in S3 against a real server."""

from __future__ import annotations

import io
import os

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import UPLOAD_BYTES, ChangedError, StoreError, open_store
from testing.s3_server import READ_ONLY_KEY, READ_ONLY_SECRET, S3Server
from tests.integration.task_logs.conftest import Place

KEY = "dag/attempt=1.log"


def test_new_object_does_not_replace_another(s3_place: Place) -> None:
    assert s3_place.store.put_new(KEY, b"first")
    assert not s3_place.store.put_new(KEY, b"second")
    assert s3_place.store.read(KEY, 0, 100) == b"first"


@pytest.mark.parametrize("size", [10, UPLOAD_BYTES, 2 * UPLOAD_BYTES + 1])
def test_object_is_replaced_only_as_it_was_listed(s3_place: Place, size: int) -> None:
    first, second = os.urandom(size), os.urandom(size)
    s3_place.store.put(KEY, io.BytesIO(first))
    with pytest.raises(ChangedError):
        s3_place.store.put(KEY, io.BytesIO(second))
    (listed,) = s3_place.store.list(KEY)
    s3_place.store.put(KEY, io.BytesIO(second), listed)
    assert s3_place.store.read(KEY, 0, size) == second
    with pytest.raises(ChangedError):
        s3_place.store.put(KEY, io.BytesIO(first), listed)
    assert s3_place.store.read(KEY, 0, size) == second


def test_objects_are_listed_page_by_page(s3_place: Place) -> None:
    names = [f"{KEY}.{number:012}" for number in range(1100)]
    for name in names:
        s3_place.store.put_new(name, b"x")
    assert [found.key for found in s3_place.store.list(KEY)] == names
    s3_place.store.delete(names)
    assert s3_place.store.list("") == []


def test_part_of_an_object_is_read(s3_place: Place) -> None:
    s3_place.store.put_new(KEY, b"0123456789")
    assert [s3_place.store.read(KEY, *ends) for ends in ((0, 3), (8, 20), (10, 20), (3, 3))] == [
        b"012",
        b"89",
        b"",
        b"",
    ]


def test_missing_object_is_not_found(s3_place: Place) -> None:
    assert s3_place.store.size(KEY) is None
    s3_place.store.delete([KEY])
    with pytest.raises(FileNotFoundError):
        s3_place.store.read(KEY, 0, 1)


def test_refusal_is_named_without_a_secret(
    s3: S3Server, s3_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in s3.environ(READ_ONLY_KEY, READ_ONLY_SECRET).items():
        monkeypatch.setenv(name, text)
    store = open_store(TaskLogSettings(url=s3_place.url))
    with pytest.raises(StoreError, match=r"\APutObject: AccessDenied\Z"):
        store.put_new(KEY, b"text")
