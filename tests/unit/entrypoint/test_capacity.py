"""Parallelism from the worker queues, and from the executor if there are none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.capacity import executor_names, initial_limit, max_limit, parallelism, uses_celery
from entrypoint.config_values import MAX_VALUE
from entrypoint.defaults import WORKER_QUEUES
from entrypoint.errors import CONFIG, StartError
from entrypoint.overrides import Override
from entrypoint.record import ENVIRONMENT
from entrypoint.worker_queues import WorkerQueues, read_queues

CONCURRENCY = 16
DOCUMENTED = """[{"name":"default","worker_count":4,"worker_concurrency":16},
                 {"name":"gpu","worker_count":2,"worker_concurrency":1}]"""


def worker_queues(text: str) -> WorkerQueues:
    return read_queues(Override(WORKER_QUEUES, ENVIRONMENT, text, WORKER_QUEUES.variable))


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        (DOCUMENTED, 66, "4×16 default + 2×1 gpu"),
        ('[{"name": "a", "worker_count": 3}]', 48, "3×16 a"),
        (
            '[{"name": "a", "min_worker_count": 1, "max_worker_count": 5, "worker_concurrency": 2}]',
            10,
            "5×2 a",
        ),
        ('[{"name": "a", "max_worker_count": 5, "worker_concurrency": 2}]', 10, "5×2 a"),
        ('[{"name": "a", "min_worker_count": 3, "worker_concurrency": 2}]', 6, "3×2 a"),
        (
            '[{"name": "a", "min_worker_count": 0, "max_worker_count": 1, "worker_concurrency": 2}]',
            2,
            "1×2 a",
        ),
        (
            '[{"name": "a", "worker_count": 2, "min_worker_count": 1, "max_worker_count": 9, "worker_concurrency": 1}]',
            2,
            "2×1 a",
        ),
        (
            '[{"name":"a","worker_count":0},{"name":"b","worker_count":1,"worker_concurrency":1}]',
            1,
            "0×16 a + 1×1 b",
        ),
        ('\n[ {"name": "ünï 火", "worker_count": 1} ]\n', 16, "1×16 ünï 火"),
    ],
)
@pytest.mark.parametrize("executor", ["LocalExecutor", "CeleryExecutor", "KubernetesExecutor"])
def test_parallelism_sums_queues(text: str, value: int, why: str, executor: str) -> None:
    calculation = parallelism(worker_queues(text), executor, CONCURRENCY)
    assert (calculation.value, calculation.why) == (value, why)


QUEUES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text("abc-_.", min_size=1), "worker_count": st.integers(0, 99)},
        optional={"worker_concurrency": st.integers(1, 99)},
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda queue: queue["name"],
)


@given(QUEUES, st.integers(1, 99))
def test_parallelism_sums_any_queues(queues: list[dict[str, int]], concurrency: int) -> None:
    tasks = sum(queue["worker_count"] * queue.get("worker_concurrency", concurrency) for queue in queues)
    calculation = parallelism(worker_queues(json.dumps(queues)), "CeleryExecutor", concurrency)
    assert calculation.value == (tasks or None)


@pytest.mark.parametrize("text", [None, "[]", " [ ] ", '[{"name": "a", "worker_count": 0}]'])
@pytest.mark.parametrize(
    ("executor", "value"),
    [
        ("LocalExecutor", 16),
        (" LocalExecutor ", 16),
        ("mine:LocalExecutor", 16),
        ("airflow.executors.local_executor.LocalExecutor", 16),
        ("CeleryExecutor", None),
        ("KubernetesExecutor", None),
        ("LocalExecutor,CeleryExecutor", None),
        ("CeleryExecutor,LocalExecutor", None),
        ("LocalExecutor;team=CeleryExecutor", None),
        ("my.company.CustomExecutor", None),
        ("my.company.NotALocalExecutor", None),
    ],
)
def test_parallelism_without_workers_depends_on_executor(
    text: str | None, executor: str, value: int | None
) -> None:
    calculation = parallelism(worker_queues(text) if text else None, executor, CONCURRENCY)
    assert calculation.value == value
    missing = "has no workers" if text else "is not configured"
    reason = "1×16 LocalExecutor" if value else f"{executor}, and [astro_runtime] worker_queues {missing}"
    assert calculation.why == reason


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("LocalExecutor", {"LocalExecutor"}),
        ("A, B ,", {"A", "B"}),
        ("x:path.to.A,B", {"A", "B"}),
        ("A;team=B,c:d.C", {"A", "B", "C"}),
        ("=A", {"A"}),
        (",;,", set()),
    ],
)
def test_executor_names_have_no_path_alias_or_team(text: str, classes: set[str]) -> None:
    assert executor_names(text) == classes


def test_parallelism_rejects_sum_above_maximum() -> None:
    text = '[{"name": "a", "worker_count": 1000000, "worker_concurrency": 1000000}]'
    with pytest.raises(StartError) as error:
        parallelism(worker_queues(text), "CeleryExecutor", CONCURRENCY)
    assert error.value.code == CONFIG
    assert str(error.value).startswith(f"{WORKER_QUEUES.variable} ")
    assert str(MAX_VALUE) in str(error.value)


@pytest.mark.parametrize(
    ("queues", "initial", "maximum"),
    [
        ([{"name": "a", "worker_count": 2, "worker_concurrency": 3}], 6, None),
        ([{"name": "a", "min_worker_count": 1, "max_worker_count": 5}], 16, 80),
        ([{"name": "a", "min_worker_count": 0, "max_worker_count": 5, "worker_concurrency": 2}], None, 10),
        ([{"name": "a", "max_worker_count": 5, "worker_concurrency": 2}], 10, 10),
        (
            [{"name": "a", "worker_count": 2, "max_worker_count": 4}, {"name": "b", "worker_count": 1}],
            48,
            None,
        ),
        ([], None, None),
    ],
)
def test_initial_and_maximum_limit_follow_queue_counts(
    queues: list[dict[str, object]], initial: int | None, maximum: int | None
) -> None:
    parsed = worker_queues(json.dumps(queues))
    assert (initial_limit(parsed, CONCURRENCY).value, max_limit(parsed, CONCURRENCY)) == (initial, maximum)


def test_limits_without_queues_are_none() -> None:
    assert (initial_limit(None, CONCURRENCY).value, max_limit(None, CONCURRENCY)) == (None, None)


@pytest.mark.parametrize(
    ("executor", "celery"),
    [
        ("CeleryExecutor", True),
        ("LocalExecutor,team=CeleryExecutor", True),
        ("CeleryKubernetesExecutor", True),
        ("company.executors.CeleryPlusExecutor", True),
        ("Celery:company.executors.QueueExecutor", False),
        ("LocalExecutor", False),
    ],
)
def test_executor_of_celery_is_recognized_by_its_class(executor: str, celery: bool) -> None:
    assert uses_celery(executor) is celery
