"""Rows of the Runtime's table that anybody may have written: garbage costs one warning, and nothing else."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import create_engine, event, text

from astro_runtime_plugin.database import state
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.listing import RunningComponent, component_row
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.image_tags import image_tag_notices
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.fetch import FetchedDocument
from testing.update_documents import NAMES, REAL

RUNNING = RunningComponent("celery worker", "a", "orders:7", "3.3-1", "2026-11-24T10:00:00+00:00")
HOUR = 3600.0
URL = "https://example.com/updates.json"
HOSTILE = "a\r\n2026 CRITICAL forged\x1b[31m\u202e\x9b\ud800"
CLEAN = "a 2026 CRITICAL forged [31m"


@pytest.fixture(autouse=True)
def statements(tmp_path: Path, mocker: MockerFixture) -> Iterator[list[tuple[str, Any]]]:
    """Use a database other than this process's Airflow; return the statements that it gets."""
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    mocker.patch("airflow.settings.engine", new=engine)
    mocker.patch.object(state, "_table_exists", new=[])
    mocker.patch.object(state, "_warned", new=set())
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2:4]))
    yield seen
    engine.dispose()


def alive(**facts: Any) -> dict[str, Any]:
    return {**component_row(RUNNING, time.time(), 30.0), **facts}


def write(name: str, value: str, updated_at: Any = None, kind: str = recorder.KIND) -> None:
    """Write a row as another program could."""
    state.put("any", "any", None)  # creates the table
    moment = time.time() if updated_at is None else updated_at
    row = {"kind": kind, "name": name, "value": value, "moment": moment}
    statement = text("INSERT INTO astro_runtime_state VALUES (:kind, :name, :value, :moment)")
    state._in_transaction(lambda connection: connection.execute(statement, row))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[" * 60_000, "it is not JSON"),
        ("9" * 10_000, "it is not JSON"),
        ("[]", "the value is invalid"),
        ("null", "the value is invalid"),
        ('"text"', "the value is invalid"),
        ("NaN", "the value is invalid"),
        ('{"component": 1}', "component is invalid"),
        (json.dumps(alive(until="soon")), "until is invalid"),
        (json.dumps(alive(until=float("inf"))), "until is invalid"),
        (json.dumps(alive(since="9" * 1000)), "since is invalid"),
        (json.dumps(alive(settings=[{"a\nb": 1}])), "settings.0.a b is invalid"),
        (json.dumps(alive(settings=[{}] * 51)), "settings is invalid"),
        (json.dumps(alive(host="x" * recorder.MAX_LENGTH)), "it is too long"),
    ],
    ids=range(15),
)
def test_garbage_is_ignored_with_one_warning(caplog: pytest.LogCaptureFixture, value: str, why: str) -> None:
    state.put(recorder.KIND, "valid", alive())
    write("odd\n1", value)
    write("odd\n2", value)
    for _ in range(2):
        assert recorder.current_components() == [RUNNING]
    (warning,) = warnings(caplog)
    assert why in warning
    assert "\\n" in warning
    assert "\n" not in warning


@pytest.mark.parametrize("updated_at", [1e12, float("inf"), "text"])
def test_row_from_the_future_is_ignored_and_does_not_outlive_the_purge(
    caplog: pytest.LogCaptureFixture, updated_at: Any
) -> None:
    write("future", json.dumps(alive(host="future")), updated_at)
    state.put(recorder.KIND, "valid", alive())  # a name that was there before would not purge
    write("future 2", json.dumps(alive(host="future")), updated_at)
    assert recorder.current_components() == [RUNNING]
    assert [*state.fetch(recorder.KIND)] == ["valid"]
    (warning,) = warnings(caplog)
    assert "dated in the future" in warning
    state.put(recorder.KIND, "another", alive())
    query = text("SELECT name FROM astro_runtime_state WHERE kind = 'component' ORDER BY name")
    names = state._in_transaction(lambda connection: [*connection.execute(query).scalars()])
    assert names == ["another", "valid"]


def test_clock_that_is_a_little_ahead_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    write("ahead", json.dumps(alive()), time.time() + state.MAX_CLOCK_SKEW - 60)
    assert recorder.current_components() == [RUNNING]
    assert warnings(caplog) == []


@pytest.mark.parametrize(("extra", "expected"), [(0, []), (1, ["3 others are newer"])])
def test_only_the_newest_rows_are_read(
    caplog: pytest.LogCaptureFixture, extra: int, expected: list[str]
) -> None:
    now = time.time()
    for number in range(3 + extra):
        write(str(number), "1", now - number, "kind")
    write("future", "1", now + HOUR, "kind") if not extra else None
    assert [*state.fetch("kind", max_rows=3 if extra else 4)] == ["2", "1", "0"]
    found = [warning for warning in warnings(caplog) if "newer" in warning]
    assert [why in warning for why, warning in zip(expected, found, strict=True)] == [True] * len(expected)


@pytest.mark.parametrize(("length", "values"), [(10, {"row": "x" * 8}), (9, {})])
def test_value_may_be_exactly_as_long_as_the_limit(length: int, values: dict[str, str]) -> None:
    write("row", json.dumps("x" * 8), kind="kind")
    assert state.fetch("kind", max_length=length) == values


def test_texts_are_single_lines_of_limited_length() -> None:
    state.put(recorder.KIND, "hostile", alive(host=HOSTILE, image_tag=HOSTILE, release="9" * 1000))
    (component,) = recorder.current_components()
    assert (component.host, component.image_tag) == (CLEAN, CLEAN)
    assert component.release == "9" * 200 + "…"
    json.dumps(component._asdict(), ensure_ascii=False).encode()


def test_notice_about_hostile_tags_is_a_single_line() -> None:
    state.put(recorder.KIND, "hostile", alive(host=HOSTILE, image_tag=HOSTILE))
    state.put(recorder.KIND, "valid", alive())
    (notice,) = image_tag_notices(recorder.current_components())
    assert notice.text.isprintable()


def test_images_of_many_components_cost_one_look_each() -> None:
    class Tag(str):
        looks = 0

        def __hash__(self) -> int:
            Tag.looks += 1
            return super().__hash__()

        def __eq__(self, other: object) -> bool:
            Tag.looks += 1
            return super().__eq__(other)

    components = [RUNNING._replace(host=str(n), image_tag=Tag(f"orders:{n % 2}")) for n in range(1000)]
    assert len([*image_tag_notices(components)]) == 1
    assert Tag.looks <= 10 * len(components)


def test_dismissals_of_other_users_are_not_read(statements: list[tuple[str, Any]]) -> None:
    notices = [Notice(id=name, level="info", text=name) for name in ("first", "second")]
    for user in range(50):
        dismissals.dismiss(f"user {user}", notices[0], 7)
    statements.clear()
    assert dismissals.remaining("user 7", notices, 7) == notices[1:]
    (query, parameters), *others = [item for item in statements if item[0].startswith("SELECT")]
    assert (query.count("IN ("), others) == (1, [])
    assert len([value for value in parameters if len(str(value)) == 64]) == len(notices)


@pytest.mark.parametrize("updated_at", [1e12, "text"])
def test_update_document_from_the_future_is_ignored(updated_at: Any) -> None:
    row = {"source": store.source(URL), "text": REAL, "etag": None, "fetched": 1.0, "checked": 1.0}
    write(store.NAME, json.dumps(row), updated_at, store.KIND)
    assert store.document_releases(URL) == []
    store.save_document(URL, FetchedDocument(REAL, None), time.time())
    assert [release.release for release in store.document_releases(URL)] == NAMES


@pytest.mark.parametrize("value", ["", "[]", "null", '{"source": 1}', '{"source": "x", "text": "["}'])
def test_update_document_that_is_garbage_is_ignored(value: str) -> None:
    write(store.NAME, value, kind=store.KIND)
    assert store.document_releases(URL) == []
    assert store.stored_document(URL) is None
