"""Worker queues that cannot work are refused: which queue, which field, what it holds, what it must be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.defaults import WORKER_QUEUES
from entrypoint.errors import CONFIG, StartError
from entrypoint.overrides import ENVIRONMENT, Override
from entrypoint.worker_queues import read_queues

WHERE = "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES"
CONCURRENCY = 16


def read(text: str) -> list[tuple[str, int, int]]:
    queues = read_queues(Override(WORKER_QUEUES, ENVIRONMENT, text, WHERE)).queues
    counts = [CONCURRENCY if queue.concurrency is None else queue.concurrency for queue in queues]
    return [(queue.name, queue.workers, count) for queue, count in zip(queues, counts, strict=True)]


def refusal(text: str) -> str:
    with pytest.raises(StartError) as refused:
        read(text)
    assert refused.value.code == CONFIG
    message = str(refused.value)
    assert message.startswith(WHERE)
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
def test_no_json_list(text: str) -> None:
    message = refusal(text)
    assert message.startswith(f"{WHERE} holds ")
    assert "it must be a JSON list of worker queues" in message
    assert len(message) < 700


@pytest.mark.parametrize("entry", [1, None, "a", [], True, [{"name": "a"}]])
def test_an_entry_that_is_no_object(entry: object) -> None:
    message = refusal(json.dumps([{"name": "a", "worker_count": 1}, entry]))
    assert message.startswith(f"{WHERE}, worker queue 2 holds ")
    assert "it must be an object with the fields name, worker_count, " in message


@pytest.mark.parametrize(
    "field", ["worker_count", "min_worker_count", "max_worker_count", "worker_concurrency"]
)
@pytest.mark.parametrize(
    "value", [-1, 1.5, 4.0, "4", None, True, [], {}, 1_000_001, float("nan"), float("inf")]
)
def test_a_number_that_is_none(field: str, value: object) -> None:
    message = refusal(json.dumps([{"name": "gpu", "worker_count": 1, field: value}]))
    assert message.startswith(
        f"{WHERE}, worker queue 'gpu', {field} holds '{value}'; it must be a whole number from "
    )


def test_a_worker_takes_at_least_one_task() -> None:
    message = refusal('[{"name": "gpu", "worker_count": 1, "worker_concurrency": 0}]')
    assert message.endswith(
        "worker queue 'gpu', worker_concurrency holds '0'; it must be a whole number from 1 to 1000000"
    )


@pytest.mark.parametrize(
    "name", [None, "", " ", 1, ["a"], {"a": "b"}, "a\nb", "\x1b[31m", "\ud800", "a\u2028b", "a\x00"]
)
def test_a_name_that_is_none(name: object) -> None:
    message = refusal(json.dumps([{"name": name, "worker_count": 1}]))
    assert "it must be the name of a Celery queue" in message


def test_no_name() -> None:
    assert "worker queue 1, name holds " in refusal('[{"worker_count": 1}]')


def test_a_name_twice() -> None:
    message = refusal(
        '[{"name": "a", "worker_count": 1}, {"name": "b", "worker_count": 1}, {"name": "a", "worker_count": 2}]'
    )
    assert message == f"{WHERE}: worker queue 'a' stands in it twice; each name must be unique"


def test_a_field_twice() -> None:
    message = refusal('[{"name": "a", "worker_count": 1, "worker_count": 2}]')
    assert (
        message
        == f"{WHERE}: 'worker_count' stands in it twice within one worker queue; each field must be unique"
    )


def test_no_count() -> None:
    message = refusal('[{"name": "a", "worker_concurrency": 4}]')
    assert "worker queue 'a': it has none of worker_count, min_worker_count, max_worker_count" in message


@pytest.mark.parametrize("field", ["min_worker_count", "worker_count"])
def test_a_count_above_the_most(field: str) -> None:
    message = refusal(f'[{{"name": "a", "{field}": 3, "max_worker_count": 2}}]')
    assert message.endswith(f"worker queue 'a': {field} 3 is above max_worker_count 2")


def test_an_unknown_field_is_named_and_no_value_is_told() -> None:
    message = refusal('[{"name": "a", "worker_count": 1, "workerCount": 2, "token": "hush-hush"}]')
    assert "worker queue 'a': unknown field 'workerCount'; the fields are name, worker_count, " in message
    assert "hush" not in message


def test_a_name_that_is_an_object_is_not_told_in_full() -> None:
    message = refusal(json.dumps([{"name": {"password": "x" * 5000}, "worker_count": 1}]))
    assert len(message) < 400


FIELDS = st.sampled_from(
    ["name", "worker_count", "min_worker_count", "max_worker_count", "worker_concurrency", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["name", "worker_count", "min_worker_count", "max_worker_count", "worker_concurrency", "x"]
)


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=4), max_size=3) | JSON)
def test_whatever_json_it_is_it_is_read_or_refused(value: object) -> None:
    try:
        queues = read(json.dumps(value))
    except StartError as error:
        queues = []
        assert_says(error)
    assert all(workers >= 0 and concurrency >= 1 for _, workers, concurrency in queues)


def assert_says(error: StartError) -> None:
    assert error.code == CONFIG
    assert str(error).startswith(WHERE)
