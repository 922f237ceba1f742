"""The maintenance status of the running release, and how the page describes it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.web.page.maintenance import MaintenanceStatus, maintenance_status
from astro_runtime_plugin.web.page.template import render
from tests.unit.plugin.web.page.test_template import page_contents

RELEASE = Release(release="3.3-1", airflow="3.3.2", release_date=date(2026, 11, 24))
LTS: dict[str, Any] = {
    "release": "13.0.0",
    "airflow": "2.11.2",
    "release_date": date(2026, 11, 24),
    "lts": True,
}
PATCH = Release(release="13.0.1", airflow="2.11.3", release_date=date(2026, 12, 10))
YANKED = {"yanked": True, "yanked_reason": "<b>Tasks</b> get lost."}


def render_status(status: MaintenanceStatus) -> str:
    return render(page_contents()._replace(maintenance=status))


def paragraph(page: str) -> str:
    """Return the paragraph that describes the status, the last one above the first section."""
    head = page[: page.index("<section")]
    return " ".join(head[head.rindex("<p>") + 3 : head.rindex("</p>")].split())


@pytest.mark.parametrize(
    ("today", "days", "percent"),
    [
        (date(2026, 11, 24), 737, 100),
        (date(2027, 11, 24), 372, 50),
        (date(2028, 11, 30), 0, 0),
        (date(2028, 11, 29), 1, 0),
    ],
)
def test_maintained_release_has_a_bar_with_the_time_left(today: date, days: int, percent: int) -> None:
    status = maintenance_status(RELEASE, [RELEASE], today)
    assert (status.stage, status.style) == ("maintained", "success")
    assert (status.days, status.percent) == (days, percent)
    page = render_status(status)
    assert f'aria-valuenow="{percent}"' in page
    assert paragraph(page) == (
        "Released 2026-11-24, maintained until 2028-11-30, basic support until 2029-05-31:"
        f" {days} day{'s' * (days != 1)} of maintenance left."
    )


@pytest.mark.parametrize(
    ("facts", "today", "stage", "style", "text"),
    [
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2026, 11, 23),
            *("future", "warning"),
            "To be released on 2026-11-24, maintained until 2028-11-30, basic support until 2029-05-31.",
        ),
        ({"channel": "beta"}, date(2026, 11, 23), "future", "warning", "To be released on 2026-11-24."),
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2028, 12, 1),
            *("basic support", "warning"),
            "Released 2026-11-24. Maintenance ended on 2028-11-30; basic support ends on 2029-05-31.",
        ),
        (
            {"release": "3.3-1", "airflow": "3.3.2"},
            date(2029, 6, 1),
            *("unmaintained", "danger"),
            "Released 2026-11-24. Maintenance ended on 2028-11-30; basic support ended on 2029-05-31.",
        ),
        (
            {},
            date(2028, 6, 1),
            *("unmaintained", "danger"),
            "Released 2026-11-24. Maintenance ended on 2028-05-31.",
        ),
        (
            {},
            date(2026, 12, 10),
            *("superseded", "warning"),
            "Released 2026-11-24. Its maintained successor is 13.0.1.",
        ),
        (
            YANKED,
            date(2026, 12, 9),
            *("yanked", "danger"),
            "Released 2026-11-24. Yanked: &lt;b&gt;Tasks&lt;/b&gt; get lost.",
        ),
        (
            {"yanked": True},
            date(2026, 12, 10),
            *("yanked", "danger"),
            "Released 2026-11-24. Yanked: no reason is given. Its maintained successor is 13.0.1.",
        ),
        (
            {"release_date": None, "end_of_maintenance": date(2026, 12, 9)},
            date(2026, 12, 8),
            *("maintained", "success"),
            "Maintained until 2026-12-09: 1 day of maintenance left.",
        ),
        (
            {"release": "10.0.0", "airflow": "2.8", "release_date": None, "lts": None},
            date(2026, 11, 24),
            *("unknown", "warning"),
            "The end of its maintenance is unknown.",
        ),
    ],
)
def test_release_without_a_bar_is_described(
    facts: dict[str, Any], today: date, stage: str, style: str, text: str
) -> None:
    release = Release(**LTS | facts)
    status = maintenance_status(release, [release, PATCH], today)
    assert (status.stage, status.style, status.percent) == (stage, style, None)
    page = render_status(status)
    assert f'<span class="label label-{style}">{stage}</span>' in page
    assert "<progress" not in page
    assert paragraph(page) == text
