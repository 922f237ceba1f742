"""What an operator is told of the running release, its updates and the images that run, and when."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from astro_runtime_plugin.notices import rules as module
from astro_runtime_plugin.notices.rules import Notice, build_notices, log_notices
from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.releases.merge import find_release, merge_releases

END = date(2028, 7, 31)
LAST = timedelta(days=1)
URL = "https://example.com/3.3-1"


class Runs(NamedTuple):
    component: str
    host: str
    image_tag: str
    release: str = "3.3-1"


def release(name: str = "3.3-1", **more: Any) -> Release:
    airflow = "3.3.2" if "-" in name else "2.11.2"
    return Release(**{"release": name, "airflow": airflow, "release_date": date(2026, 7, 7), **more})


def told(
    document: list[Release] | None = None,
    today: date = date(2027, 1, 1),
    components: list[Runs] | None = None,
    running: str = "3.3-1",
    catalogue: list[Release] | None = None,
) -> list[Notice]:
    if catalogue is None:
        catalogue = [release(end_of_maintenance=END)]
    return build_notices(running, catalogue, document or [], components or [], today, 30)


@pytest.mark.parametrize(
    ("today", "level", "text"),
    [
        (END - timedelta(days=31), None, ""),
        (END - timedelta(days=30), "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, in 30 days."),
        (END - LAST, "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, tomorrow."),
        (END, "warning", "Maintenance of release 3.3-1 ends on 2028-07-31, today."),
        (
            END + LAST,
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
def test_the_end_of_maintenance(today: date, level: str | None, text: str) -> None:
    assert [(one.level, one.text) for one in told(today=today)] == ([(level, text)] if level else [])


def test_the_id_stays_while_the_days_go_and_changes_with_the_date() -> None:
    first, second = (told(today=END - timedelta(days=left))[0] for left in (30, 29))
    assert first.id == second.id == "maintenance-ends:3.3-1:2028-07-31"
    assert told(today=END + LAST)[0].id == "maintenance-ended:3.3-1:2028-07-31"
    later = told([release(end_of_maintenance=END + timedelta(days=10), url=URL)], END)[0]
    assert (later.id, later.url) == ("maintenance-ends:3.3-1:2028-08-10", URL)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            "Webserver throwing 500s.",
            "Release 3.3-1, which runs here, was yanked: Webserver throwing 500s.",
        ),
        ("", "Release 3.3-1, which runs here, was yanked: no reason is given."),
    ],
)
def test_a_yanked_release_says_its_reason(reason: str, text: str) -> None:
    (notice,) = told([release(yanked=True, yanked_reason=reason, url=URL)])
    assert notice == Notice(id="yanked:3.3-1", level="critical", text=text, url=URL)


PATCH = release("13.0.1", url="https://example.com/13.0.1")
SUPERSEDED = Notice(
    id="superseded:13.0.0:13.0.1",
    level="warning",
    text="Release 13.0.0 is not maintained: 13.0.1 is, in its place.",
    url=PATCH.url,
)
LTS_END = date(2028, 1, 31)  # of a series that began in July 2026


def superseded(today: date, *document: Release, **facts: Any) -> list[Notice]:
    """Return what is told of 13.0.0, which the image's catalogue knows alone."""
    return told([*document], today, running="13.0.0", catalogue=[release("13.0.0", lts=True, **facts)])


def test_a_superseded_release_is_told_so_once_in_place_of_its_end_and_of_the_same_update() -> None:
    assert superseded(LTS_END, PATCH) == [SUPERSEDED]
    assert superseded(date(2027, 1, 1), PATCH, release("3.3-1")) == [SUPERSEDED]
    without = release("13.0.1")
    assert superseded(LTS_END, without) == [SUPERSEDED.model_copy(update={"url": None})]


def test_a_superseded_release_of_which_no_date_is_known_is_told_so() -> None:
    old = [release("13.0.0", release_date=None), PATCH.model_copy(update={"release_date": None})]
    assert told(running="13.0.0", catalogue=old) == [SUPERSEDED]


def test_where_maintenance_of_the_major_has_ended_that_is_told_and_the_update() -> None:
    ended, newer = superseded(LTS_END + LAST, PATCH)
    assert (ended.level, ended.text) == ("critical", "Maintenance of release 13.0.0 ended on 2028-01-31.")
    assert newer.id == "update:13.0.1"


def test_another_update_is_offered_beside_the_superseding_release() -> None:
    catalogue = [release("13.0.0"), release("13.0.2", release_date=None)]
    said = told([PATCH], running="13.0.0", catalogue=catalogue)
    assert [one.id for one in said] == ["superseded:13.0.0:13.0.2", "update:13.0.1"]


def test_a_yanked_release_names_the_one_that_is_maintained_in_its_place() -> None:
    yanked = release("13.0.0", yanked=True, yanked_reason="500s")
    assert [one.id for one in superseded(LTS_END, yanked, PATCH)] == ["yanked:13.0.0", SUPERSEDED.id]


def test_an_update_is_offered_of_the_document_alone() -> None:
    newer = release("3.3-8", airflow="3.3.4", url=URL)
    assert told(catalogue=[release(), newer]) == []
    assert told([newer]) == [
        Notice(
            id="update:3.3-8",
            level="info",
            text="Release 3.3-8 (Airflow 3.3.4) is available; 3.3-1 runs here.",
            url=URL,
        )
    ]


def test_a_patch_of_the_running_series_comes_before_a_newer_one() -> None:
    assert [one.id for one in told([release("3.4-1"), release("3.3-2")])] == ["update:3.3-2"]
    assert [one.id for one in told([release("3.4-1")])] == ["update:3.4-1"]


ODD = "Image tags differ: 2 of 3 components run orders:8, but celery worker on c runs orders:7."


def test_tags_that_differ_name_who_runs_what() -> None:
    most = [Runs("scheduler", "a", "orders:8"), Runs("triggerer", "b", "orders:8")]
    assert told(components=most) == []
    (odd,) = told(components=[*most, Runs("celery worker", "c", "orders:7")])
    assert (odd.level, odd.text) == ("warning", ODD)
    (again,) = told(components=[Runs("celery worker", "d", "orders:7"), *most])
    (other,) = told(components=[*most, Runs("celery worker", "c", "orders:6")])
    assert again.id == odd.id != other.id


def test_where_no_tag_is_the_most_common_all_are_named() -> None:
    (notice,) = told(components=[Runs("scheduler", "a", "1"), Runs("celery worker", "b", "2")])
    assert notice.text == "Image tags differ: scheduler on a runs 1, celery worker on b runs 2."


def test_one_tag_of_two_releases_is_two_images() -> None:
    same = [Runs("scheduler", "a", "latest"), Runs("celery worker", "b", "latest", "3.3-2")]
    (notice,) = told(components=same)
    assert notice.text == (
        "Image tags differ: scheduler on a runs latest (release 3.3-1),"
        " celery worker on b runs latest (release 3.3-2)."
    )


def test_of_many_odd_components_some_are_named() -> None:
    workers = [Runs("celery worker", f"old-{number}", "7") for number in range(20)]
    news = [Runs("celery worker", f"new-{number}", "8") for number in range(30)]
    (notice,) = told(components=[*news, *workers])
    assert notice.text.startswith(
        "Image tags differ: 30 of 50 components run 8, but celery worker on old-0 runs 7,"
    )
    assert notice.text.endswith(", celery worker on old-5 runs 7, 14 more.")


def test_the_gravest_comes_first() -> None:
    document = [release(yanked=True, end_of_maintenance=END), release("3.3-2")]
    tags = [Runs("scheduler", "a", "1"), Runs("celery worker", "b", "2")]
    assert [one.level for one in told(document, END, tags)] == ["critical", "warning", "warning", "info"]


def test_a_release_that_nobody_lists_has_no_notice_of_its_own() -> None:
    assert told(running="3.9-1") == []


def test_the_document_wins_over_the_catalogue_and_leaves_the_rest() -> None:
    catalogue = [release(end_of_maintenance=END, postgresql=[16], lts=True), release("13.0.0")]
    document = [release(end_of_maintenance=END + LAST, yanked=True, lts=None), release("3.3-2")]
    assert [one.release for one in merge_releases(catalogue, document)] == ["13.0.0", "3.3-1", "3.3-2"]
    facts = find_release("3.3-1", merge_releases(catalogue, document))
    assert facts
    assert (facts.end_of_maintenance, facts.yanked, facts.lts) == (END + LAST, True, True)
    assert facts.postgresql == [16]
    assert find_release("3.9-1", merge_releases(catalogue, document)) is None


def test_the_log_says_each_notice_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_logged", set())
    said = [
        Notice(id="a", level="critical", text="100 % yanked"),
        Notice(id="b", level="warning", text="ends soon"),
        Notice(id="c", level="info", text="there is more"),
    ]
    with caplog.at_level(logging.INFO, "astro_runtime"):
        log_notices(said)
        log_notices([*said, Notice(id="d", level="info", text="new")])
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "100 % yanked"),
        (logging.WARNING, "ends soon"),
        (logging.INFO, "there is more"),
        (logging.INFO, "new"),
    ]
