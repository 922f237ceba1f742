"""The table of the benchmark of identity marks what is over its limit."""

from __future__ import annotations

from typing import Any

from bench.identity.__main__ import rows
from bench.identity.workplace import RUNTIME, STOCK

OVER = "**over the limit**"


def figures(**changes: Any) -> dict[str, Any]:
    share = {"seconds": [0.0001] * 200, "network": 0, "database": 0}
    good = {"shares": {"Bearer token": share}, "round_trips": 4, "seconds_until_gone": 33.0}
    return {
        name.replace("_", " "): value for name, value in {**good, "memory": [100, 100], **changes}.items()
    }


def over(found: dict[str, Any], ratio: float = 1.0) -> list[str]:
    """Return the names of the rows that are over their limit."""
    return [row.name for row in rows(found, {RUNTIME: ratio, STOCK: 1.0}) if OVER in row.cells()[1]]


def test_figures_within_their_limits_are_not_marked() -> None:
    assert over(figures(), 1.05) == []


def test_figures_over_their_limits_are_marked() -> None:
    slow = {"seconds": [0.01] * 200, "network": 1, "database": 0}
    bad = {
        "shares": {"Bearer token": slow},
        "round_trips": 5,
        "seconds_until_gone": 61.0,
        "memory": [100, 120],
    }
    assert len(over(figures(**bad), 1.06)) == 6
