"""A picture of lines over time, as SVG. Everything here is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 320, 60, 150, 34, 30
# Of the colour-blind-safe palette by Okabe and Ito, and three more.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#444444", "#a5aa99")
TICKS = 4
Line = Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """A diagram: its title, and by name the lines, whose points are in minutes and in the unit of the title."""

    title: str
    lines: Mapping[str, Line]


def draw(panels: Sequence[Panel], marks: Sequence[float]) -> str:
    """Return the panels below each other; `marks` are minutes at which something happened."""
    height = HEIGHT * len(panels)
    size = f'viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate(0 {number * HEIGHT})">', *_draw_panel(panel, marks), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _draw_panel(panel: Panel, marks: Sequence[float]) -> list[str]:
    points = [point for line in panel.lines.values() for point in line]
    last = max((minute for minute, _ in points), default=0) or 1
    largest = _round_up(max((number for _, number in points), default=0) or 1)

    def x(minute: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * minute / last

    def y(number: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * number / largest

    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{escape(panel.title)}</text>']
    for tick in range(TICKS + 1):
        number, minute = largest * tick / TICKS, last * tick / TICKS
        parts += [
            f'<path d="M{LEFT} {y(number):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
            f'<text x="{LEFT - 6}" y="{y(number) + 4:.1f}" text-anchor="end">{number:g}</text>',
            f'<text x="{x(minute):.1f}" y="{HEIGHT - 10}" text-anchor="middle">{minute:.0f} min</text>',
        ]
    parts += [
        f'<path d="M{x(mark):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ccc" stroke-dasharray="2 3"/>'
        for mark in marks
    ]
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x(minute):.1f},{y(value):.1f}" for minute, value in line)
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 12 + 18 * number}" fill="{colour}">{escape(name)}</text>',
        ]
    return parts


def _round_up(number: float) -> float:
    """Return the next of 1, 2, 4, 6, 8 and 10 times a power of ten, which four ticks divide well."""
    power = 1.0
    while power * 10 < number:
        power *= 10
    while power > number:
        power /= 10
    return next(power * factor for factor in (1, 2, 4, 6, 8, 10) if power * factor >= number)
