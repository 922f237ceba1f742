"""Worker queues that cannot work are rejected, with the queue, the field, its value and what it must be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.defaults import WORKER_QUEUES
from entrypoint.errors import CONFIG, StartError
from entrypoint.overrides import Override
from entrypoint.record import ENVIRONMENT
from entrypoint.worker_queues import WorkerQueues, read_queues

LOCATION = "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES"
CONCURRENCY = 16


def read_counts(text: str) -> list[tuple[str, int, int]]:
    queues = read_queues(Override(WORKER_QUEUES, ENVIRONMENT, text, LOCATION)).queues
    counts = [CONCURRENCY if queue.concurrency is None else queue.concurrency for queue in queues]
    return [(queue.name, queue.workers, count) for queue, count in zip(queues, counts, strict=True)]


def assert_rejected(text: str) -> str:
    with pytest.raises(StartError) as error:
        read_counts(text)
    assert error.value.code == CONFIG
    message = str(error.value)
    assert message.startswith(LOCATION)
    assert message.isprintable()
    return message


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "4",
        "null",
        "true",
        '"a"',
        "{}",
        '{"name": "a", "worker_count": 1}',
        "[",
        "[}",
        "not json",
        "NaN",
        "[" * 90000,
    ],
    ids=lambda text: text[:20] or "empty",
)
def test_read_queues_rejects_text_that_is_not_a_list(text: str) -> None:
    message = assert_rejected(text)
    assert message.startswith(f"{LOCATION} holds ")
    assert "it must be a JSON list of worker queues" in message
    assert len(message) < 700


@pytest.mark.parametrize("entry", [1, None, "a", [], True, [{"name": "a"}]])
def test_read_queues_rejects_entry_that_is_not_an_object(entry: object) -> None:
    message = assert_rejected(json.dumps([{"name": "a", "worker_count": 1}, entry]))
    assert message.startswith(f"{LOCATION}, worker queue 2 holds ")
    assert "it must be an object with the fields name, worker_count, " in message


@pytest.mark.parametrize(
    "field", ["worker_count", "min_worker_count", "max_worker_count", "worker_concurrency"]
)
@pytest.mark.parametrize(
    "value", [-1, 1.5, 4.0, "4", None, True, [], {}, 1_000_001, float("nan"), float("inf")]
)
def test_read_queues_rejects_bad_number(field: str, value: object) -> None:
    message = assert_rejected(json.dumps([{"name": "gpu", "worker_count": 1, field: value}]))
    assert message.startswith(
        f"{LOCATION}, worker queue 'gpu', {field} holds '{value}'; it must be a whole number from "
    )


def test_read_queues_rejects_concurrency_of_zero() -> None:
    message = assert_rejected('[{"name": "gpu", "worker_count": 1, "worker_concurrency": 0}]')
    assert message.endswith(
        "worker queue 'gpu', worker_concurrency holds '0'; it must be a whole number from 1 to 1000000"
    )


@pytest.mark.parametrize(
    "name", [None, "", " ", 1, ["a"], {"a": "b"}, "a\nb", "\x1b[31m", "\ud800", "a\u2028b", "a\x00"]
)
def test_read_queues_rejects_bad_name(name: object) -> None:
    message = assert_rejected(json.dumps([{"name": name, "worker_count": 1}]))
    assert "it must be the name of a Celery queue" in message


def test_read_queues_rejects_missing_name() -> None:
    assert "worker queue 1, name holds " in assert_rejected('[{"worker_count": 1}]')


def test_read_queues_rejects_duplicate_name() -> None:
    message = assert_rejected(
        '[{"name": "a", "worker_count": 1}, {"name": "b", "worker_count": 1}, {"name": "a", "worker_count": 2}]'
    )
    assert message == f"{LOCATION}: worker queue 'a' occurs twice; each name must be unique"


def test_read_queues_rejects_duplicate_field() -> None:
    message = assert_rejected('[{"name": "a", "worker_count": 1, "worker_count": 2}]')
    assert (
        message
        == f"{LOCATION}: 'worker_count' occurs twice within one worker queue; each field must be unique"
    )


def test_read_queues_rejects_missing_count() -> None:
    message = assert_rejected('[{"name": "a", "worker_concurrency": 4}]')
    assert "worker queue 'a': it has none of worker_count, min_worker_count, max_worker_count" in message


@pytest.mark.parametrize("field", ["min_worker_count", "worker_count"])
def test_read_queues_rejects_count_above_maximum(field: str) -> None:
    message = assert_rejected(f'[{{"name": "a", "{field}": 3, "max_worker_count": 2}}]')
    assert message.endswith(f"worker queue 'a': {field} 3 is above max_worker_count 2")


def test_read_queues_rejects_unknown_field_without_values() -> None:
    message = assert_rejected('[{"name": "a", "worker_count": 1, "workerCount": 2, "token": "hush-hush"}]')
    assert "worker queue 'a': unknown field 'workerCount'; the fields are name, worker_count, " in message
    assert "hush" not in message


DEPLOYMENT = [
    {"name": "default", "id": "abc", "is_default": True, "worker_type": "A5", "max_worker_count": 5},
    {
        "name": "gpu",
        "worker_type": "A10",
        "pod_cpu": "1",
        "pod_ram": "2Gi",
        "worker_count": 2,
        "worker_cpu": 1,
    },
]


def queues_of(value: object) -> WorkerQueues:
    return read_queues(Override(WORKER_QUEUES, ENVIRONMENT, json.dumps(value), LOCATION))


def test_read_queues_ignores_other_fields_of_a_deployment_file_with_one_note() -> None:
    assert read_counts(json.dumps(DEPLOYMENT)) == [("default", 5, CONCURRENCY), ("gpu", 2, CONCURRENCY)]
    names = "id, is_default, worker_type, pod_cpu, pod_ram, worker_cpu"
    assert queues_of(DEPLOYMENT).notes == [f"{LOCATION}: ignored fields: {names}"]
    assert queues_of([{"name": "a", "worker_count": 1}]).notes == []


def test_note_of_ignored_fields_has_a_limit() -> None:
    entry = {
        "name": "a",
        "worker_count": 1,
        **{f"field {number}" + "x" * 900: "hush" for number in range(500)},
    }
    (note,) = queues_of([entry]).notes
    assert note.endswith(" and 490 more")
    assert len(note) < 700
    assert "hush" not in note


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("worker_cuont", "worker_count"),
        ("workerCount", "worker_count"),
        ("Worker-Count", "worker_count"),
        ("WORKER_COUNT", "worker_count"),
        ("max_workers_count", "max_worker_count"),
        ("min_worker_cnt", "min_worker_count"),
        ("worker_concurency", "worker_concurrency"),
        ("Name", "name"),
    ],
)
def test_read_queues_rejects_misspelt_field(field: str, meant: str) -> None:
    message = assert_rejected(json.dumps([{"name": "a", "worker_count": 1, field: 2}]))
    assert f"worker queue 'a': unknown field {field!r}; the fields are name, " in message
    assert message.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize(("count", "bound"), [(1000, True), (1001, False)])
def test_number_of_queues_has_a_limit(count: int, bound: bool) -> None:
    text = json.dumps([{"name": f"q{number}", "worker_count": 1} for number in range(count)])
    if bound:
        assert len(read_counts(text)) == count
    else:
        assert assert_rejected(text) == f"{LOCATION} has 1001 worker queues; it must have at most 1000"


@pytest.mark.parametrize(("name", "bound"), [("q" * 255, True), ("q" * 256, False), ("火" * 86, False)])
def test_name_has_a_limit(name: str, bound: bool) -> None:
    text = json.dumps([{"name": name, "worker_count": 1}])
    if bound:
        assert read_counts(text) == [(name, 1, CONCURRENCY)]
    else:
        assert "it must be the name of a Celery queue, of at most 255 bytes" in assert_rejected(text)


def test_text_has_a_limit() -> None:
    assert "it must be a JSON list" in assert_rejected(f"[{' ' * 1_000_000}]")


def test_read_queues_shortens_name_that_is_an_object() -> None:
    message = assert_rejected(json.dumps([{"name": {"password": "x" * 5000}, "worker_count": 1}]))
    assert len(message) < 400


FIELDS = st.sampled_from(
    ["name", "worker_count", "min_worker_count", "max_worker_count", "worker_concurrency", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=4), max_size=3) | JSON)
def test_read_queues_reads_or_rejects_any_json(value: object) -> None:
    try:
        queues = read_counts(json.dumps(value))
    except StartError as error:
        queues = []
        assert_worker_queues_error(error)
    assert all(workers >= 0 and concurrency >= 1 for _, workers, concurrency in queues)


def assert_worker_queues_error(error: StartError) -> None:
    assert error.code == CONFIG
    assert str(error).startswith(LOCATION)
