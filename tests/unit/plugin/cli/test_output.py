"""A line, and a cell of a table, has a limit."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.cli.output import MAX_LINE_LENGTH, print_line
from astro_runtime_plugin.cli.table import _text

CASES = [(MAX_LINE_LENGTH, ""), (MAX_LINE_LENGTH + 1, "…")]


@pytest.mark.parametrize(("length", "end"), CASES)
def test_line_has_a_limit(capsys: pytest.CaptureFixture[str], length: int, end: str) -> None:
    print_line("x" * length)
    assert capsys.readouterr().out == "x" * MAX_LINE_LENGTH + f"{end}\n"


@pytest.mark.parametrize(("length", "end"), CASES)
def test_cell_has_a_limit(length: int, end: str) -> None:
    assert _text("x" * length).plain == "x" * MAX_LINE_LENGTH + end
