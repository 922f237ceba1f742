"""Several machines that write one try at once, request by request: each line once, and no chunk is left in the end."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing.task_log_parts import Parts

# How often each comes; `start` kills the shipper first.
MOVES = {"step": 4, "write": 2, "start": 1, "end": 1, "begin": 1}
LOSSES = {"lose": 1, "wait": 1}
MAX_MACHINES, MAX_MOVES = 4, 200


def run(home: Path, random: Random, moves: dict[str, int]) -> Parts:
    """Let machines do this and that; those that are left write one more line, and come to their end."""
    parts = Parts(home, random.randint(2, MAX_MACHINES))
    for move in random.choices([*moves], [*moves.values()], k=random.randint(5, MAX_MOVES)):
        if move == "wait":
            parts.wait()
        else:
            getattr(random.choice(parts.machines), move)()
    for machine in parts.machines:
        machine.begin()
        machine.write()
        machine.finish()
    return parts


def assert_each_line_is_there_once(parts: Parts) -> None:
    found = Counter(line.data.decode() for line in parts.log())
    expected = Counter(line for machine in parts.machines for line in machine.lines if not machine.is_lost)
    lost = Counter(line for machine in parts.machines for line in machine.lines if machine.is_lost)
    assert expected - found == Counter(), "lost"
    assert found - expected - lost == Counter(), "doubled"


@pytest.mark.parametrize("moves", [MOVES, MOVES | LOSSES], ids=["slow", "lost"])
def test_parts_lose_and_double_no_line_and_leave_no_chunk(moves: dict[str, int]) -> None:
    @settings(max_examples=100)
    @given(st.integers(0, 2**32))
    def check(seed: int) -> None:
        with tempfile.TemporaryDirectory() as home:
            parts = run(Path(home), Random(seed), moves)
            assert_each_line_is_there_once(parts)
            parts.clean()
            assert parts.covered() == [] or all(machine.is_lost for machine in parts.machines)
            assert_each_line_is_there_once(parts)

    check()
