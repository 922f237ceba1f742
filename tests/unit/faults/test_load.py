"""The load of a fault test has what its plan says."""

from __future__ import annotations

from collections import Counter

from testing.faults.load import TaskLoad


def test_load_has_200_tasks_of_each_kind() -> None:
    plan = TaskLoad().plan()
    counts = Counter(planned.task.dag_id.partition("_")[0] for planned in plan)
    assert counts == {
        "plain": 82,
        "mapped": 60,
        "deferred": 30,
        "sensors": 20,
        "producers": 10,
        "consumer": 10,
    }
    assert len({planned.task for planned in plan}) == len(plan) >= 200
    assert {planned.retries for planned in plan} == {0, 2}


def test_dags_without_tasks_are_not_triggered() -> None:
    assert TaskLoad(deferred=0, assets=0).dag_ids() == ["plain", "mapped", "sensors"]
