"""The file of results, with which an interrupted run of the matrix goes on."""

from __future__ import annotations

from pathlib import Path

from testing.faults.results import VERSION, FaultCell, FaultResult, FaultResults

CELL = FaultCell("3.3", "celery-redis", "broker-away-20", "runtime")


def test_last_result_of_a_cell_counts_and_a_cut_line_does_not(tmp_path: Path) -> None:
    results = FaultResults(tmp_path / "new" / "faults.jsonl")
    assert results.read() == {}
    good = FaultResult(planned=212, resumed=4.5, finished=30.0, examples=("plain.task_1: lost",))
    results.add(CELL, FaultResult(error="no start"))
    results.add(CELL, good)
    with open(results.path, "a") as file:
        file.write('{"cell": {"line": "3.3"')
    assert results.read() == {CELL: good}


def test_result_from_before_versions_is_of_no_load(tmp_path: Path) -> None:
    results = FaultResults(tmp_path / "faults.jsonl")
    results.add(CELL, FaultResult(planned=212))
    assert results.read()[CELL].is_of(212)
    assert not results.read()[CELL].is_of(19)
    results.path.write_text(results.path.read_text().replace(f', "version": {VERSION}', ""))
    assert not results.read()[CELL].is_of(212)


def test_result_without_outcome_is_not_good() -> None:
    assert FaultResult(planned=1).is_good
    assert not FaultResult(planned=1, error="no start").is_good
    assert not FaultResult(planned=1, lost=1).is_good
