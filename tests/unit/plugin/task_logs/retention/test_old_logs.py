"""Retention: which objects are old task logs, and that only these are deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs.layout import StoredObject, chunk_key
from astro_runtime_plugin.task_logs.retention.old_logs import Deleted, delete_old, log_pattern, old_objects
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, open_store

AIRFLOW = (
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    "attempt={{ try_number|default(ti.try_number) }}.log"
)
FORMAT = "logs/{dag_id}/{task_id}/{execution_date}/{try_number}.log"
LOG = "dag_id=d/run_id=manual__2026-01-01T00:00:00+00:00/task_id=g.t/attempt=1.log"
MAPPED = "dag_id=d/run_id=r/task_id=t/map_index=3/attempt=12.log"
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_.-:+~ é", min_size=1, max_size=20)


@pytest.mark.parametrize("path", [LOG, MAPPED])
@pytest.mark.parametrize("ending", ["", ".000000000000", ".trigger.7.log", ".trigger.7.log.000000065536"])
def test_objects_of_a_log_are_known_by_their_keys(path: str, ending: str) -> None:
    assert log_pattern([AIRFLOW]).fullmatch(path + ending)


@pytest.mark.parametrize(
    "key",
    [
        "data.parquet",
        "dag_id=d/export.csv",
        f"{LOG}.gz",
        f"{LOG}.0000",
        f"backup/{LOG}",
        f"{LOG}/.000000000000",
        "dag_id=d/run_id=r/task_id=t/attempt=.log",
        "dag_processor/2026-01-01/dag.py.log",
        ".astro-runtime-check/1",
        "",
    ],
)
def test_other_objects_are_not(key: str) -> None:
    assert not log_pattern([AIRFLOW]).fullmatch(key)


ANYTHING = ["{{ ti.dag_id }}/{{ ti.run_id }}", "{dag_id}/{try_number}", "{{ x }}.a", "%%", ""]


@pytest.mark.parametrize("template", ANYTHING)
def test_template_without_plain_text_matches_nothing(template: str) -> None:
    assert not log_pattern([template]).fullmatch("anything/at/all.log")


def test_earlier_templates_count_too() -> None:
    pattern = log_pattern([AIRFLOW, FORMAT])
    assert pattern.fullmatch("logs/d/t/2026-01-01T00:00:00/1.log.000000000010")
    assert pattern.fullmatch(LOG)
    assert not pattern.fullmatch("logs/d/t.txt")


@given(dag=NAMES, run=NAMES, task=NAMES, index=st.integers(-1, 9999), attempt=st.integers(0, 99))
def test_whatever_airflow_renders_is_a_log(dag: str, run: str, task: str, index: int, attempt: int) -> None:
    mapped = f"map_index={index}/" if index >= 0 else ""
    path = f"dag_id={dag}/run_id={run}/task_id={task}/{mapped}attempt={attempt}.log"
    assert log_pattern([AIRFLOW]).fullmatch(path)
    assert log_pattern([AIRFLOW]).fullmatch(chunk_key(path, 65536))


def test_log_stays_as_long_as_something_is_written_to_it() -> None:
    objects = [StoredObject(LOG, 5, 10), StoredObject(chunk_key(LOG, 5), 1, 200), StoredObject(MAPPED, 7, 10)]
    assert [*old_objects(objects, log_pattern([AIRFLOW]), 100)] == [objects[2]]
    assert [*old_objects(objects, log_pattern([AIRFLOW]), 201)] == objects


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> LogStore:
    return open_store(TaskLogSettings(url=f"file://{folder}"))


def write(folder: Path, key: str, modified: float, text: str = "line\n") -> None:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (modified, modified))


def test_only_old_logs_are_deleted(folder: Path, store: LogStore) -> None:
    write(folder, LOG, 100)
    write(folder, chunk_key(LOG, 5), 100)
    write(folder, MAPPED, 300)
    write(folder, "dag_id=d/keep.csv", 100)
    assert [*delete_old(store, log_pattern([AIRFLOW]), 200)] == [Deleted(2, 10)]
    assert {stored.key for stored in store.list("")} == {MAPPED, "dag_id=d/keep.csv"}


def test_steps_are_small(folder: Path, store: LogStore) -> None:
    for number in range(7):
        write(folder, LOG.replace("attempt=1", f"attempt={number}"), 100)
    steps = [
        (deleted.objects, len(store.list("")))
        for deleted in delete_old(store, log_pattern([AIRFLOW]), 200, step=3)
    ]
    assert steps == [(3, 4), (3, 1), (1, 0)]


def test_empty_store_has_nothing_to_delete(store: LogStore) -> None:
    assert [*delete_old(store, log_pattern([AIRFLOW]), 200)] == []
