"""The benchmark of task logs: which lines are lost and doubled, and what its tables say."""

from __future__ import annotations

import json

import pytest

from bench.task_logs import tables
from bench.task_logs.lines import Loss, compare, log_line
from bench.task_logs.printing import Printing
from bench.task_logs.reading import Opening
from bench.task_logs.shipping import Cost
from bench.task_logs.workplace import OURS
from testing.proof import STOCK

ONE, TWO, THREE = (f"line {number} of the task...\n".encode() for number in (1, 2, 3))
MODES = {OURS: Loss(10, 0, 0), STOCK: Loss(10, 10, 0)}


@pytest.mark.parametrize(
    ("written", "stored", "loss"),
    [
        (ONE + TWO, ONE + TWO, Loss(2, 0, 0)),
        (ONE + TWO + THREE, ONE, Loss(3, 2, 0)),
        (ONE + TWO, ONE + TWO + ONE + TWO + ONE, Loss(2, 0, 3)),
        (ONE, ONE + TWO + THREE, Loss(1, 0, 0)),  # what was written later is no loss
        (ONE + TWO, b"", Loss(2, 2, 0)),
        (ONE, b"[time] INFO - " + ONE, Loss(1, 0, 0)),
    ],
    ids=["all", "end is lost", "doubled", "more", "nothing", "in Airflow's format"],
)
def test_lost_and_doubled_lines_are_counted(written: bytes, stored: bytes, loss: Loss) -> None:
    assert compare(written, stored) == loss


def test_line_has_the_format_of_each_airflow() -> None:
    assert json.loads(log_line("3.3", "text"))["event"] == "text"
    assert log_line("2.11", "text").endswith(b" INFO - text\n")


def test_losses_have_a_row_for_each_fault() -> None:
    assert tables.loss_table([("it is killed", MODES)]).splitlines()[-1] == (
        "| it is killed | 0 of 10 lost, 0 doubled | 10 of 10 lost, 0 doubled |"
    )


@pytest.mark.parametrize(("share", "is_marked"), [(0.02, False), (0.021, True)])
def test_cost_beyond_its_limit_is_marked(share: float, is_marked: bool) -> None:
    table = tables.cost_table({10: Cost(share, 60.0)})
    assert f"{share:.1%}" in table
    assert (tables.OVER in table) is is_marked


def test_bytes_lost_with_a_machine_are_a_time_as_well() -> None:
    assert "98 KiB with it at most in 2 attempts, which is what is written in 100 ms" in tables.death_text(
        [5, 100_000]
    )


def test_printing_is_a_share_of_a_core() -> None:
    text = tables.printing_text(Printing(30e-6, 4e-6))
    assert "4.0 µs more" in text
    assert f"4.0%{tables.OVER} of a core" in text
    assert "Airflow itself takes 30 µs" in text


def test_page_says_where_nothing_was_found_and_what_is_too_slow() -> None:
    good, slow, nothing = Opening(0.1, 3, True), Opening(3, 3, True), Opening(5, 700, False)
    table = tables.page_table(
        {OURS: 0.9, STOCK: 0.1},
        {OURS: {"no answer": slow}, STOCK: {"no answer": nothing}},
        {OURS: good, STOCK: nothing},
    )
    lag, dead, large, memory = (line.split(" | ") for line in table.splitlines()[2:])
    assert lag[1:] == ["0.90 s", "0.10 s", "2 s |"]
    assert dead[1:3] == [f"3.00 s{tables.OVER}", "5.00 s, **nothing of it**"]
    assert large[1] == "0.10 s"
    assert memory[1:3] == ["3 MiB", "700 MiB"]
