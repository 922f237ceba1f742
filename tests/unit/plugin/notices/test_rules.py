"""The notices about the running release and its updates: when each appears, and its text."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.releases.release import Release
from testing.notices import build_notices

END = date(2028, 7, 31)
DAY = timedelta(days=1)
URL = "https://example.com/3.3-1"


def release(name: str = "3.3-1", **facts: Any) -> Release:
    airflow = "3.3.2" if "-" in name else "2.11.2"
    return Release(**{"release": name, "airflow": airflow, "release_date": date(2026, 7, 7), **facts})


def notices(
    document: list[Release] | None = None,
    today: date = date(2027, 1, 1),
    components: list[RunningComponent] | None = None,
    running: str = "3.3-1",
    catalogue: list[Release] | None = None,
) -> list[Notice]:
    if catalogue is None:
        catalogue = [release(end_of_maintenance=END)]
    return build_notices(running, catalogue, document or [], components or [], today, 30)


def ids(notices: list[Notice]) -> list[str]:
    return [notice.id for notice in notices]


@pytest.mark.parametrize(
    ("today", "level", "text"),
    [
        (END - timedelta(days=31), None, ""),
        (END - timedelta(days=30), "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, in 30 days."),
        (END - DAY, "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, tomorrow."),
        (END, "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, today."),
        (
            END + DAY,
            "critical",
            "Maintenance of release 3.3-1 ended on 2028-07-31; basic support ends on 2029-01-31.",
        ),
        (
            date(2029, 1, 31),
            "critical",
            "Maintenance of release 3.3-1 ended on 2028-07-31; basic support ends on 2029-01-31.",
        ),
        (date(2029, 2, 1), "critical", "Maintenance of release 3.3-1 ended on 2028-07-31."),
    ],
)
def test_end_of_maintenance_is_announced_from_the_threshold_on(
    today: date, level: str | None, text: str
) -> None:
    expected = [(level, text)] if level else []
    assert [(notice.level, notice.text) for notice in notices(today=today)] == expected


def test_id_depends_on_the_date_but_not_on_the_days_left() -> None:
    on_day_30, on_day_29 = (notices(today=END - timedelta(days=left))[0] for left in (30, 29))
    assert on_day_30.id == on_day_29.id == "maintenance-ends:3.3-1:2028-07-31"
    assert notices(today=END + DAY)[0].id == "maintenance-ended:3.3-1:2028-07-31"
    postponed = notices([release(end_of_maintenance=END + timedelta(days=10), url=URL)], END)[0]
    assert (postponed.id, postponed.url) == ("maintenance-ends:3.3-1:2028-08-10", URL)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Webserver throwing 500s.", "The running release 3.3-1 was yanked: Webserver throwing 500s."),
        ("", "The running release 3.3-1 was yanked: no reason is given."),
    ],
)
def test_yanked_release_is_critical_and_names_the_reason(reason: str, text: str) -> None:
    (notice,) = notices([release(yanked=True, yanked_reason=reason, url=URL)])
    assert notice == Notice(id="yanked:3.3-1", level="critical", text=text, url=URL)


PATCH = release("13.0.1", url="https://example.com/13.0.1")
SUPERSEDED = Notice(
    id="superseded:13.0.0:13.0.1",
    level="warning",
    text="Release 13.0.0 is not maintained; 13.0.1 is maintained instead.",
    url=PATCH.url,
)
LTS_END = date(2028, 1, 31)  # for a series that started in July 2026


def notices_for_13(today: date, *document: Release) -> list[Notice]:
    """Return the notices for 13.0.0, the only release in the image's catalogue."""
    return notices([*document], today, running="13.0.0", catalogue=[release("13.0.0", lts=True)])


def test_superseded_notice_replaces_those_about_its_end_and_the_same_update() -> None:
    assert notices_for_13(LTS_END, PATCH) == [SUPERSEDED]
    assert notices_for_13(date(2027, 1, 1), PATCH, release("3.3-1")) == [SUPERSEDED]
    without_url = release("13.0.1")
    assert notices_for_13(LTS_END, without_url) == [SUPERSEDED.model_copy(update={"url": None})]


def test_release_without_dates_can_be_superseded() -> None:
    undated = [release("13.0.0", release_date=None), PATCH.model_copy(update={"release_date": None})]
    assert notices(running="13.0.0", catalogue=undated) == [SUPERSEDED]


def test_ended_major_is_critical_and_offers_the_update() -> None:
    ended, update = notices_for_13(LTS_END + DAY, PATCH)
    assert (ended.level, ended.text) == ("critical", "Maintenance of release 13.0.0 ended on 2028-01-31.")
    assert update.id == "update:13.0.1"


def test_update_other_than_the_superseding_release_is_offered() -> None:
    catalogue = [release("13.0.0"), release("13.0.2", release_date=None)]
    assert ids(notices([PATCH], running="13.0.0", catalogue=catalogue)) == [
        "superseded:13.0.0:13.0.2",
        "update:13.0.1",
    ]


def test_yanked_release_can_be_superseded() -> None:
    yanked = release("13.0.0", yanked=True, yanked_reason="500s")
    assert ids(notices_for_13(LTS_END, yanked, PATCH)) == ["yanked:13.0.0", SUPERSEDED.id]


def test_update_is_offered_from_the_document_only() -> None:
    newer = release("3.3-8", airflow="3.3.4", url=URL)
    assert notices(catalogue=[release(), newer]) == []
    assert notices([newer]) == [
        Notice(
            id="update:3.3-8",
            level="info",
            text="Release 3.3-8 (Airflow 3.3.4) is available; 3.3-1 is running.",
            url=URL,
        )
    ]


def test_patch_of_the_running_series_takes_precedence_over_a_newer_series() -> None:
    assert ids(notices([release("3.4-1"), release("3.3-2")])) == ["update:3.3-2"]
    assert ids(notices([release("3.4-1")])) == ["update:3.4-1"]


def test_most_severe_notice_comes_first() -> None:
    document = [release(yanked=True, end_of_maintenance=END), release("3.3-2")]
    components = [
        RunningComponent("scheduler", "a", "1", "3.3-1", ""),
        RunningComponent("celery worker", "b", "2", "3.3-1", ""),
    ]
    levels = [notice.level for notice in notices(document, END, components)]
    assert levels == ["critical", "warning", "warning", "info"]


def test_unlisted_release_has_no_notices() -> None:
    assert notices(running="3.9-1") == []
