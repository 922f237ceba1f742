"""Any row of the Runtime's table is used within bounds, or ignored."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from airflow import settings as airflow_settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, text
from sqlalchemy.engine import Engine

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.component_settings import hosts_by_setting
from astro_runtime_plugin.options.settings import ROW_FIELDS
from astro_runtime_plugin.parallelism import snapshot
from astro_runtime_plugin.updates import store
from tests.fuzz.budget import fuzz

URL = "https://example.com/updates.json"
TEXT = st.text(st.characters(exclude_categories=[]), max_size=300)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)
SETTINGS = st.lists(st.fixed_dictionaries(dict.fromkeys(ROW_FIELDS, TEXT)) | JSON, max_size=3) | JSON
COMPONENT = st.fixed_dictionaries(
    {
        **dict.fromkeys(("component", "host", "image_tag", "release"), TEXT | JSON),
        "since": st.datetimes().map(str) | JSON,
        "until": st.floats(min_value=4e9) | JSON,
    },
    optional={"settings": SETTINGS},
)
WORKER = st.tuples(TEXT, st.integers(), st.lists(TEXT, max_size=3)) | JSON
SCHEDULER = st.fixed_dictionaries(
    {"parallelism": st.integers() | JSON, "why": TEXT | JSON, "workers": st.lists(WORKER, max_size=3) | JSON}
)
DOCUMENT = st.fixed_dictionaries(
    {
        "source": st.just(store.source(URL)) | JSON,
        "text": TEXT | JSON,
        "etag": TEXT | JSON,
        "fetched": JSON,
        "checked": JSON,
    }
)
# Encoded with a replacement, as a driver would for a surrogate; JSON escapes it instead.
NAME = TEXT.map(lambda name: name.encode(errors="replace").decode().replace("\0", ""))
VALUES = (COMPONENT | SCHEDULER | DOCUMENT | JSON).map(json.dumps) | NAME
DATES = st.none() | st.floats(allow_nan=False) | TEXT.map(ascii)


@pytest.fixture(scope="module", autouse=True)
def _database() -> Iterator[None]:
    engine: Engine = create_engine("sqlite://", future=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(airflow_settings, "engine", engine)
        patch.setattr(state, "_table_exists", [])
        state.put("any", "any", None)
        yield
    engine.dispose()


def write(kind: str, name: str, value: str, updated_at: Any) -> None:
    row = {
        "kind": kind,
        "name": name,
        "value": value,
        "at": time.time() if updated_at is None else updated_at,
    }
    statement = text("INSERT INTO astro_runtime_state VALUES (:kind, :name, :value, :at)")

    def replace(connection: Any) -> None:
        connection.execute(delete(state.TABLE))
        connection.execute(statement, row)

    in_transaction(replace)


@fuzz(NAME, VALUES, DATES)
def test_component_row_is_used_within_bounds_or_ignored(name: str, value: str, updated_at: Any) -> None:
    write(recorder.KIND, name, value, updated_at)
    rows = recorder.component_rows()
    for component in recorder.current_components():
        texts = [component.component, component.host, component.image_tag, component.release]
        assert all(part == "" or (part.isprintable() and len(part) <= 256) for part in texts)
        json.dumps(component._asdict(), ensure_ascii=False).encode()
    for setting, hosts in hosts_by_setting(rows, 0.0):
        assert all(part == "" or part.isprintable() for part in (*setting.values(), *hosts))


@fuzz(NAME, VALUES, DATES)
def test_scheduler_row_is_used_or_ignored(name: str, value: str, updated_at: Any) -> None:
    write(snapshot.KIND, name, value, updated_at)
    assert snapshot.latest_snapshot([]).parallelism == ""


@fuzz(VALUES, DATES)
def test_stored_document_is_used_or_ignored(value: str, updated_at: Any) -> None:
    write(store.KIND, store.NAME, value, updated_at)
    assert store.listed_releases(URL).document == ()
    assert store.stored_document(URL) is None
