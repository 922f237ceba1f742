"""How a figure grows from one number of workers to the next. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench import page

SIZES = (10, 100, 1000, 5000)  # workers, or components
MAX_GROWTH = 1.25  # as a ratio to that of the workers
COLUMNS = ("figure", *(f"{size:,}" for size in SIZES), "growth")
Row = tuple[str, ...]


def growth(values: Sequence[float], sizes: Sequence[int] = SIZES) -> list[float]:
    """Return the growth of a figure between neighbouring sizes, as a ratio to that of the size: 1 is linear."""
    return [
        (after / before) / (large / small)
        for (before, after), (small, large) in zip(pairwise(values), pairwise(sizes), strict=True)
    ]


def row(figure: str, unit: str, values: Sequence[float]) -> Row:
    """Return a row of the table; a growth beyond MAX_GROWTH is bold."""
    ratios = ", ".join(page.ratio(ratio, MAX_GROWTH) for ratio in growth(values))
    return (figure, *(f"{number(value)} {unit}" for value in values), ratios)


def per_worker(figure: str, unit: str, values: Sequence[float]) -> Row:
    """Return a row with a figure for each worker, which has no growth of its own."""
    return (
        figure,
        *(f"{number(value / size)} {unit}" for value, size in zip(values, SIZES, strict=True)),
        "",
    )


def number(value: float) -> str:
    """Return a number with two significant digits at least."""
    if value >= 10 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"
