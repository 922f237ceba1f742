"""The stages and dates of the listed releases, by hand for each rule, and by properties."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.lifecycle import Lifecycle, Stage, channel_label, compute_lifecycle
from astro_runtime_plugin.releases.release import Release
from testing.releases import DAYS, RELEASE_LISTS, listed_release, release, releases_of_family

DAY = timedelta(days=1)
STAGES_IN_ORDER: list[Stage] = ["future", "maintained", "basic support", "unmaintained"]


def lifecycle_on(name: str, today: str, *more: Release) -> Lifecycle:
    """Return the lifecycle of a release that the catalogue or `more` lists."""
    by_name = {release.release: release for release in [*releases(), *more]}
    return compute_lifecycle(by_name[name], by_name.values(), date.fromisoformat(today))


@pytest.mark.parametrize("name", ["4.0.0", "5.0.0", "6.0.0", "7.0.0", "8.0.0", "9.0.0"])
def test_published_end_of_a_listed_release_wins(name: str) -> None:
    lifecycle = lifecycle_on(name, "2022-01-01")
    published = listed_release(name).end_of_maintenance
    assert (lifecycle.maintained_until, lifecycle.published) == (published, True)


def test_lts_flag_and_end_are_inherited_from_the_series() -> None:
    patch = release("13.0.1", "2027-01-10", "2.11.3")
    inherited = lifecycle_on("13.0.1", "2027-01-10", patch)
    assert (inherited.lts, inherited.maintained_until) == (True, date(2028, 5, 31))
    alone = compute_lifecycle(patch, [patch], date(2027, 1, 10))
    assert (alone.lts, alone.maintained_until) == (None, date(2027, 7, 31))


def test_current_releases_follow_the_policy() -> None:
    old = lifecycle_on("13.0.0", "2026-11-24")
    assert (old.maintained_until, old.basic_support_until, old.published) == (date(2028, 5, 31), None, False)
    new = lifecycle_on("3.3-1", "2026-11-24")
    assert (new.maintained_until, new.basic_support_until) == (date(2028, 11, 30), date(2029, 5, 31))
    assert [old.stage, new.stage] == ["maintained"] * 2


def test_airflow_3_patch_does_not_restart_its_series() -> None:
    patch = release("3.3-2", "2027-03-01", "3.3.3")
    assert lifecycle_on("3.3-2", "2027-03-01", patch).maintained_until == date(2028, 11, 30)
    assert lifecycle_on("3.3-1", "2027-03-01", patch).stage == "maintained"


def test_published_end_moves_basic_support() -> None:
    backport = release("3.0-18", "2026-09-15", "3.0.6", end_of_maintenance="2027-04-30")
    lifecycle = compute_lifecycle(backport, (), date(2027, 5, 1))
    assert (lifecycle.stage, lifecycle.basic_support_until) == ("basic support", date(2027, 10, 31))


@pytest.mark.parametrize(
    ("name", "today", "stage"),
    [
        ("3.3-1", "2026-11-23", "future"),
        ("3.3-1", "2026-11-24", "maintained"),
        ("3.3-1", "2028-11-30", "maintained"),
        ("3.3-1", "2028-12-01", "basic support"),
        ("3.3-1", "2029-05-31", "basic support"),
        ("3.3-1", "2029-06-01", "unmaintained"),
        ("13.0.0", "2028-05-31", "maintained"),
        ("13.0.0", "2028-06-01", "unmaintained"),
        ("4.2.0", "2023-09-30", "maintained"),
        ("4.1.0", "2023-09-30", "superseded"),
        ("4.1.0", "2023-10-01", "unmaintained"),
        ("3.0.0", "2026-11-24", "unknown"),
        ("10.0.0", "2026-11-24", "unknown"),
    ],
)
def test_stage_changes_on_the_documented_day(name: str, today: str, stage: str) -> None:
    assert lifecycle_on(name, today).stage == stage


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({}, "superseded"),
        ({"channel": "alpha"}, "maintained"),
        ({"channel": "beta"}, "maintained"),
        ({"channel": "deprecated"}, "maintained"),
        ({"channel": None}, "maintained"),
        ({"yanked": True}, "maintained"),
        ({"release_date": "2027-03-02"}, "maintained"),
        ({"release_date": None}, "superseded"),
        ({"release": "14.0.0"}, "maintained"),
        ({"release": "13.0-1", "airflow": "13.0.0"}, "maintained"),
    ],
    ids=str,
)
def test_only_a_newer_stable_release_of_the_major_supersedes(facts: dict[str, object], stage: str) -> None:
    newer = release("13.1.0", "2027-03-01").model_dump() | facts
    lifecycle = lifecycle_on("13.0.0", "2027-03-01", Release.model_validate(newer))
    superseded_by = "13.1.0" if stage == "superseded" else None
    assert (lifecycle.stage, lifecycle.superseded_by) == (stage, superseded_by)


def test_release_is_not_superseded_after_its_major_has_ended() -> None:
    assert lifecycle_on("4.1.0", "2023-09-30").superseded_by == "4.2.0"
    assert lifecycle_on("4.1.0", "2023-10-01").superseded_by is None


@pytest.mark.parametrize("today", ["2026-11-01", "2026-12-24", "2030-01-01"])
def test_yanked_release_is_yanked_on_every_day(today: str) -> None:
    yanked = release("13.5.0", "2026-12-01", yanked=True, end_of_maintenance="2027-04-30")
    assert compute_lifecycle(yanked, releases(), date.fromisoformat(today)).stage == "yanked"


@pytest.mark.parametrize("channel", ["alpha", "beta"])
def test_stage_of_a_preview_release_is_unknown(channel: str) -> None:
    preview = release("3.4-0", "2027-01-05", "3.4.0", channel=channel)
    final = release("3.4-1", "2027-02-05", "3.4.0")
    assert compute_lifecycle(preview, [preview, final], date(2027, 1, 6)).stage == "unknown"


@pytest.mark.parametrize(
    ("channel", "lts", "label"),
    [("stable", True, "stable, LTS"), ("beta", None, "beta"), (None, True, "LTS"), (None, False, "")],
)
def test_channel_label_includes_lts(channel: str | None, lts: bool | None, label: str) -> None:
    labelled = release("20.0.0", "2026-12-01", channel=channel, lts=lts)
    assert channel_label(labelled, compute_lifecycle(labelled, (), date(2026, 12, 1))) == label


def test_days_left_counts_to_the_last_day_of_maintenance() -> None:
    lifecycle = lifecycle_on("13.0.0", "2028-05-01")
    assert [lifecycle.days_left(date(2028, 5, day)) for day in (1, 31)] == [30, 0]
    assert lifecycle.days_left(date(2028, 6, 1)) == -1
    assert lifecycle_on("10.0.0", "2028-05-01").days_left(date(2028, 5, 1)) is None


@given(releases_of_family(), st.sampled_from(["stable", "deprecated"]), RELEASE_LISTS, DAYS)
def test_computed_dates_are_the_last_day_of_a_month(
    release: Release, channel: str, others: list[Release], today: date
) -> None:
    release = release.model_copy(update={"channel": channel})  # only these have computed dates
    lifecycle = compute_lifecycle(release, others, today)
    ends = [*filter(None, (lifecycle.maintained_until, lifecycle.basic_support_until))]
    assert len(ends) == {2: 1, 3: 2}[release.version.family]
    assert [(end + DAY).day for end in ends] == [1] * len(ends)


@given(RELEASE_LISTS.filter(bool), DAYS, st.randoms())
def test_order_of_the_releases_does_not_matter(releases: list[Release], today: date, random: Random) -> None:
    shuffled = [*releases]
    random.shuffle(shuffled)
    lifecycles = [compute_lifecycle(release, releases, today) for release in releases]
    assert lifecycles == [compute_lifecycle(release, shuffled, today) for release in releases]


@given(releases_of_family(), RELEASE_LISTS, DAYS)
def test_published_end_wins_over_any_computed_one(
    release: Release, others: list[Release], today: date
) -> None:
    published = release.model_copy(update={"end_of_maintenance": date(2041, 5, 17)})
    lifecycle = compute_lifecycle(published, others, today)
    assert (lifecycle.maintained_until, lifecycle.published) == (date(2041, 5, 17), True)
    assert not compute_lifecycle(release, others, today).published


@given(releases_of_family(), st.lists(DAYS, min_size=2, max_size=6))
def test_single_release_never_returns_to_an_earlier_stage(release: Release, days: list[date]) -> None:
    stages = [compute_lifecycle(release, (), today).stage for today in sorted(days)]
    constant = {"yanked", "unknown"}
    assert len(set(stages)) == 1 or constant.isdisjoint(stages) or stages[0] == "future"
    ranks = [STAGES_IN_ORDER.index(stage) for stage in stages if stage not in constant]
    assert ranks == sorted(ranks)


@given(releases_of_family(), RELEASE_LISTS, DAYS)
def test_stage_agrees_with_the_dates(release: Release, others: list[Release], today: date) -> None:
    lifecycle = compute_lifecycle(release, others, today)
    left, supported_until = lifecycle.days_left(today), lifecycle.basic_support_until
    in_maintenance, ended = left is not None and left >= 0, left is not None and left < 0
    supported = ended and supported_until is not None and today <= supported_until
    agrees: dict[Stage, bool] = {
        "yanked": release.yanked,
        "future": release.release_date is not None and today < release.release_date,
        "maintained": in_maintenance and not lifecycle.superseded_by,
        "superseded": not ended and bool(lifecycle.superseded_by),
        "basic support": supported,
        "unmaintained": ended and not supported,
        "unknown": left is None and not lifecycle.superseded_by,
    }
    assert agrees[lifecycle.stage]
