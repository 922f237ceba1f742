"""Only tries whose own process or supervisor was killed were struck by a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.faults.attempts import DONE, INTERRUPTED, AirflowTry, Attempt, TaskId
from testing.faults.struck_tries import StruckTries, tries_of
from testing.faults.try_log import is_explained

TASK, OTHER = TaskId("dag", "task"), TaskId("dag", "task", 1)


def attempt(pid: int, outcome: str | None = None, task: TaskId = TASK, number: int = 1) -> Attempt:
    return Attempt(task, number, pid, 0, 9, outcome)


def test_try_is_struck_with_its_process_or_its_supervisor() -> None:
    attempts = [attempt(11), attempt(12, task=OTHER)]
    assert tries_of({11}, {11: 1, 12: 2}, attempts, []) == [AirflowTry(TASK, 1)]
    assert tries_of({2}, {11: 1, 12: 2}, attempts, []) == [AirflowTry(OTHER, 1)]
    assert tries_of({3}, {11: 1, 12: 2}, attempts, []) == []


def test_try_whose_supervisor_could_end_it_is_struck() -> None:
    attempts = [attempt(11, INTERRUPTED), attempt(12, DONE, OTHER)]
    assert tries_of({1, 2}, {11: 1, 12: 2}, attempts, []) == [AirflowTry(TASK, 1)]


def test_try_whose_code_had_not_begun_or_was_done_is_struck_by_the_word_of_airflow() -> None:
    running = [AirflowTry(TASK, 2, 11), AirflowTry(OTHER, 1, None)]
    assert tries_of({11}, {}, [attempt(11, DONE)], running) == [AirflowTry(TASK, 2, 11)]


def test_struck_tries_have_settled_when_none_of_them_runs() -> None:
    struck = StruckTries()
    struck.look([], 5)
    assert struck.seconds_to_settle is None
    struck.add([AirflowTry(TASK, 1, 11), AirflowTry(TASK, 1), AirflowTry(OTHER, 3)], 10)
    struck.look([AirflowTry(TASK, 1), AirflowTry(OTHER, 3)], 20)
    struck.look([AirflowTry(TASK, 2), AirflowTry(OTHER, 3)], 30)
    assert struck.seconds_to_settle is None
    struck.look([AirflowTry(TASK, 2)], 40)
    struck.look([], 50)
    assert struck.seconds_to_settle == 30
    assert struck.by_task == {TASK: {1}, OTHER: {3}}
    assert struck.all == [AirflowTry(TASK, 1), AirflowTry(OTHER, 3)]


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("Task exited with return code -9", True),
        ('{"event":"Process terminated by signal","signal_name":"SIGKILL"}', True),
        ("No heartbeat for 300 s", True),
        ("ERROR - Trigger failed:\nModuleNotFoundError: No module named 'no'", True),
        ('{"event":"Task failed with exception","exc_type":"TaskDeferralError"}', True),
        ("Trigger fired event TriggerEvent<None>", False),
        ("[2026-11-09] Task finished exit_code=0", False),
    ],
)
def test_log_of_a_killed_try_has_a_reason(tmp_path: Path, text: str, explained: bool) -> None:
    assert not is_explained(tmp_path, AirflowTry(OTHER, 2))
    folder = tmp_path / "dag_id=dag" / "run_id=manual__2026" / "task_id=task" / "map_index=1"
    folder.mkdir(parents=True)
    (folder / "attempt=2.log").write_text(text)
    assert is_explained(tmp_path, AirflowTry(OTHER, 2)) is explained
