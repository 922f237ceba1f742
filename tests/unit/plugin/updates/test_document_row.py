"""The update document in the database, which anybody may have written."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.database import state
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.fetch import FetchedDocument
from testing.state_rows import write
from testing.update_documents import NAMES, REAL

pytestmark = pytest.mark.usefixtures("statements")

URL = "https://example.com/updates.json"


@pytest.mark.parametrize("updated_at", [1e12, "text"])
def test_update_document_from_the_future_is_ignored(updated_at: Any) -> None:
    row = {"source": store.source(URL), "text": REAL, "etag": None, "fetched": 1.0, "checked": 1.0}
    write(store.NAME, json.dumps(row), updated_at, store.KIND)
    assert store.listed_releases(URL).document == ()
    store.save_document(URL, FetchedDocument(REAL, None), time.time())
    assert [release.release for release in store.listed_releases(URL).document] == NAMES


@pytest.mark.parametrize("value", ["", "[]", "null", '{"source": 1}', '{"source": "x", "text": "["}'])
def test_update_document_that_is_garbage_is_ignored(value: str) -> None:
    write(store.NAME, value, kind=store.KIND)
    assert store.listed_releases(URL).document == ()
    assert store.stored_document(URL) is None


@pytest.mark.parametrize("length", [store.MAX_LENGTH, store.MAX_LENGTH + 1])
def test_large_garbage_is_read_once_and_no_other_row_is(
    statements: list[tuple[str, Any]], length: int
) -> None:
    write(store.NAME, "x" * length, kind=store.KIND)
    write("another", "x" * 1000, kind=store.KIND)
    statements.clear()
    for _ in range(3):
        assert store.listed_releases(URL).document == ()
    reads = [parameters for query, parameters in statements if "THEN" in query]
    assert len(reads) == 1
    assert store.NAME in reads[0]
    store.save_document(URL, FetchedDocument(REAL, None), time.time())
    assert [release.release for release in store.listed_releases(URL).document] == NAMES


def test_document_is_read_again_after_the_database_was_away(mocker: MockerFixture) -> None:
    store.save_document(URL, FetchedDocument(REAL, None), time.time())
    read = state._read
    mocker.patch.object(state, "_read", side_effect=[[(1.0,)], []])  # it goes away between the two reads
    assert store.listed_releases(URL).document == ()
    mocker.patch.object(state, "_read", new=read)
    assert [release.release for release in store.listed_releases(URL).document] == NAMES
