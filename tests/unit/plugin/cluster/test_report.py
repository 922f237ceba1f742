"""Which running tasks count as those of a worker that does not answer."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.cluster import readings, report
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.parallelism.query import InspectedWorkers

WORKERS = [Worker("celery@a", 4, ("default",))]
OK = ("ok", "workers that take tasks: 1 with an unknown or older image")
GONE = ("not safe", "tasks that run on workers that do not answer: 1 (b)")


def findings(
    monkeypatch: pytest.MonkeyPatch, answer: InspectedWorkers, *running: dict[str, str]
) -> list[tuple[str, str]]:
    """Return what is found about the workers; `running` are the tasks before and after the question."""
    tasks = iter(running)
    monkeypatch.setattr(readings, "uses_celery", lambda: True)
    monkeypatch.setattr(readings, "read_running", lambda: next(tasks))
    monkeypatch.setattr(readings, "read_overdue", list)
    monkeypatch.setattr(report, "inspect_workers", lambda: answer)
    results = [*report.check_celery()]
    return [(finding.state, finding.finding) for finding in results if finding.check == "workers"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"1": "a"}, {"1": "a"}, [OK]),
        ({"1": "a", "2": "b"}, {"1": "a", "2": "b"}, [OK, GONE]),
        ({"1": "a", "2": "b"}, {"1": "a"}, [OK]),
        ({"1": "a"}, {"1": "a", "2": "b"}, [OK]),
    ],
    ids=["answers", "stopping", "ended meanwhile", "began meanwhile"],
)
def test_task_that_no_worker_names_runs_on_a_stopping_one(
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, str],
    after: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    answer = InspectedWorkers(WORKERS, None, {}, (), ("1",))
    assert findings(monkeypatch, answer, before, after) == expected


@pytest.mark.parametrize(
    ("invalid", "silent"), [({"celery@b": "pid: must be a number"}, ()), ({}, ("celery@b",))]
)
def test_task_may_run_on_a_worker_without_a_valid_reply(
    monkeypatch: pytest.MonkeyPatch, invalid: dict[str, str], silent: tuple[str, ...]
) -> None:
    answer = InspectedWorkers(WORKERS, None, invalid, silent, ("1",))
    unclear = ("unknown", "workers without a valid reply: 1 (celery@b)")
    assert findings(monkeypatch, answer, {"2": "b"}, {"2": "b"}) == [unclear]
