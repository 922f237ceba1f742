from __future__ import annotations

from typing import NamedTuple

import pytest

from astro_runtime_plugin.fixes.support.api_server_gap import last_gap_end
from astro_runtime_plugin.fixes.support.grace import NEVER, SERIES, Grace, extend

TIMEOUT = 300.0


@pytest.mark.parametrize(
    ("before", "end", "after"),
    [
        (NEVER, 10_000.0, Grace(10_000.0, 10_300.0)),
        (Grace(10_000.0, 10_300.0), 10_000.0, Grace(10_000.0, 10_300.0)),
        (Grace(10_000.0, 10_300.0), 10_500.0, Grace(10_000.0, 10_800.0)),
        (Grace(10_000.0, 10_300.0), 10_601.0, Grace(10_601.0, 10_901.0)),
        (Grace(10_000.0, 10_300.0), 9_900.0, Grace(10_000.0, 10_300.0)),
    ],
)
def test_outage_extends_the_grace(before: Grace, end: float, after: Grace) -> None:
    assert extend(before, end, TIMEOUT) == after


def test_outages_without_end_grant_a_limited_grace() -> None:
    grace = NEVER
    for end in range(10_000, 11_000, 40):
        grace = extend(grace, float(end), TIMEOUT)
    assert grace == Grace(10_000.0, 10_000.0 + SERIES * TIMEOUT)


class Row(NamedTuple):
    since: str
    until: float
    component: str = "api-server"


def iso(seconds: int) -> str:
    return f"1970-01-01T00:{seconds // 60:02}:{seconds % 60:02}+00:00"


@pytest.mark.parametrize(
    ("rows", "end"),
    [
        ([], None),
        ([Row(iso(0), 2000.0, "scheduler")], None),
        ([Row(iso(0), 2000.0)], None),
        ([Row(iso(0), 300.0), Row(iso(290), 2000.0)], None),
        ([Row(iso(0), 300.0), Row(iso(400), 2000.0)], 400.0),
        ([Row(iso(400), 2000.0), Row(iso(0), 300.0), Row(iso(500), 2000.0)], 400.0),
        ([Row(iso(0), 300.0), Row(iso(400), 500.0), Row(iso(600), 2000.0)], 600.0),
        ([Row(iso(0), 300.0), Row(iso(0), 200.0)], 1000.0),
        ([Row(iso(0), 300.0), Row(iso(1200), 2000.0)], None),
    ],
)
def test_gap_ends_when_an_api_server_starts(rows: list[Row], end: float | None) -> None:
    assert last_gap_end(rows, 1000.0) == end
