"""The matrix of faults: which cells run, and what its table says."""

from __future__ import annotations

import pytest

from bench.faults.__main__ import parse, select_cells
from bench.faults.catalogue import FAULTS, FAULTS_BY_NAME, SYSTEMS, TITLES, faults_of
from bench.faults.estimate import TimeEstimate
from bench.faults.tables import count_complete, shortfalls, system_table
from testing.faults.results import SETTLE_LIMIT, FaultCell, FaultResult
from testing.installed_line import LINE


def test_faults_have_names_of_their_own_and_systems_have_titles() -> None:
    assert len(FAULTS) == len(FAULTS_BY_NAME)
    assert SYSTEMS.keys() == TITLES.keys()


def test_fault_that_leaves_a_run_behind_has_a_system_of_its_own() -> None:
    assert FAULTS_BY_NAME["dag-unreadable"].spoils


@pytest.mark.parametrize("line", ["3.3", "2.11"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_is_put_to_faults_that_it_can_have(system: str, line: str) -> None:
    names = {fault.name for fault in faults_of(system, line)}
    assert names
    assert any(name.startswith("api") for name in names) <= (line == "3.3")
    assert any(name.startswith(("broker", "worker")) for name in names) <= system.startswith("celery")


def test_each_scheduler_must_move_what_is_not_queued_yet_within_a_minute() -> None:
    names = {name for name in FAULTS_BY_NAME if "scheduler" in name}
    assert {"scheduler-kill", "schedulers-kill", "kubernetes-scheduler-terminate"} <= names
    assert {(FAULTS_BY_NAME[name].limit, FAULTS_BY_NAME[name].beyond_queue) for name in names} == {(60, True)}
    assert [name for name, fault in FAULTS_BY_NAME.items() if fault.beyond_queue and name not in names] == []


def test_lost_messages_are_missed_after_a_minute_and_must_then_move_within_another() -> None:
    assert (FAULTS_BY_NAME["broker-flush"].limit, FAULTS_BY_NAME["broker-flush"].beyond_queue) == (120, False)


def test_interrupted_run_goes_on_with_the_cells_that_have_no_result_of_this_load() -> None:
    words = ["--system", "celery-redis", "--mode", "runtime", "--fault", "none", "--fault", "broker-flush"]
    none, flush = (FaultCell(LINE, "celery-redis", name, "runtime") for name in ("none", "broker-flush"))
    stored: dict[FaultCell, FaultResult] = {}
    assert select_cells(parse(words), stored, 212) == [none, flush]
    stored = {none: FaultResult(212), flush: FaultResult(212, error="it did not start")}
    assert select_cells(parse(words), stored, 212) == [flush]
    assert select_cells(parse(words), stored, 19) == [none, flush]
    assert select_cells(parse([*words, "--again"]), stored, 212) == [none, flush]


def test_table_marks_what_falls_short_and_what_was_not_run_with_the_whole_load() -> None:
    a, b, c = (
        [FaultCell("3.3", "local", name, mode) for mode in ("runtime", "stock")] for name in ("a", "b", "c")
    )
    late = SETTLE_LIMIT + 10
    results = {
        a[0]: FaultResult(212, resumed=4.6, finished=60, cut_off=3, waiting=9, resume_limit=30),
        a[1]: FaultResult(212, lost=7, hung=2, hung_runs=1, repeated=1, waiting=9, resume_limit=30),
        b[0]: FaultResult(212, error="it did not start"),
        b[1]: FaultResult(212, struck=2, settled=late, unexplained=1, unreported=1, resumed=9, rounds=2),
        c[0]: FaultResult(19, lost=3),
        c[1]: FaultResult(212, lost=3, version=1),
    }
    texts = {"a": "the fault A", "b": "the fault B", "c": "the fault C"}
    assert system_table("3.3", "local", texts, results, 212).splitlines()[2:] == [
        "| the fault A | none (3 cut off) | 5 s"
        " | **7 lost**, **2 hung**, **1 hung DAG runs** (1 run again) | **never** |",
        "| the fault B | **no result** |  | **1 without a reason in the log**,"
        f" **noticed after {late} s, not {SETTLE_LIMIT}**"
        " (1 done, but nobody was left to report it, the load came 2 times) | 9 s |",
        "| the fault C | not run |  | not run |  |",
    ]
    assert shortfalls("3.3", "local", texts, results, 212) == [
        "- With the Runtime, the fault B: it did not start"
    ]
    assert count_complete("3.3", "local", texts, results, 212) == 4
    assert count_complete("2.11", "local", texts, results, 212) == 0


@pytest.mark.parametrize(
    ("result", "late"),
    [
        (FaultResult(resumed=31, waiting=1, resume_limit=30), True),
        (FaultResult(resumed=None, waiting=1, resume_limit=30), True),
        (FaultResult(resumed=29, waiting=1, resume_limit=30), False),
        (FaultResult(resumed=None, waiting=0, resume_limit=30), False),
        (FaultResult(resumed=None, waiting=1), False),
    ],
)
def test_what_waits_must_move_within_the_limit(result: FaultResult, late: bool) -> None:
    assert (result.resumes_late, result.meets_goal) == (late, not late)


def test_estimate_is_what_the_cells_of_the_same_kind_took() -> None:
    cells = [FaultCell("3.3", system, "none", "runtime") for system in ("local", "kubernetes")]
    estimate = TimeEstimate({}, 212)
    assert estimate.describe(cells) == "about 0 h 16 min to go"
    estimate.add(cells[0], FaultResult(19, seconds=9))
    estimate.add(cells[0], FaultResult(212, seconds=3600))
    estimate.add(cells[0], FaultResult(212, seconds=1800))
    assert estimate.seconds(cells[:1]) == estimate.seconds(cells[1:]) == 2700
    estimate.add(cells[1], FaultResult(212, seconds=300))
    assert estimate.seconds(cells) == 3000
