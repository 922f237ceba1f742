from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import Release, releases
from astro_runtime_plugin.releases.lifecycle import (
    Lifecycle,
    Stage,
    channel_label,
    end_of_month,
    lifecycle,
    maintenance_end,
)

DAY = timedelta(days=1)
# The documented rows whose published end is not the policy's, and what the policy gives instead.
EXCEPTIONS = {"8.0.0": date(2023, 11, 30), "9.0.0": date(2025, 2, 28)}
DOCUMENTED = ["4.0.0", "5.0.0", "6.0.0", "7.0.0", "8.0.0", "9.0.0"]
ORDER: list[Stage] = ["future", "maintained", "basic support", "unmaintained"]


def release(name: str, released: str | None = None, airflow: str = "2.9", **facts: object) -> Release:
    return Release.model_validate({"release": name, "airflow": airflow, "release_date": released, **facts})


def of(name: str) -> Release:
    return {release.release: release for release in releases()}[name]


def at(name: str, today: str, *others: Release) -> Lifecycle:
    known = {one.release: one for one in [*releases(), *others]}
    return lifecycle(known[name], known.values(), date.fromisoformat(today))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_policy_gives_the_published_end_but_for_the_known_exceptions(name: str) -> None:
    computed = maintenance_end(of(name), releases())
    assert computed == EXCEPTIONS.get(name, of(name).end_of_maintenance)
    assert (computed != of(name).end_of_maintenance) == (name in EXCEPTIONS)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_published_end_wins(name: str) -> None:
    told = lifecycle(of(name), releases(), date(2022, 1, 1))
    assert (told.maintained_until, told.published) == (of(name).end_of_maintenance, True)


def test_a_successor_puts_the_end_off_and_so_it_did_for_7() -> None:
    alone = [of("7.0.0")]
    assert maintenance_end(of("7.0.0"), alone) == date(2023, 6, 30)
    assert maintenance_end(of("7.0.0"), [*alone, of("8.0.0")]) == date(2023, 7, 31)


def test_the_successor_of_an_lts_release_is_the_next_lts_release() -> None:
    nine = of("9.0.0")
    stable = release("10.0.0", "2025-06-01", lts=False)
    assert maintenance_end(nine, [nine, stable]) == date(2025, 2, 28)
    assert maintenance_end(nine, [nine, stable, release("11.0.0", "2025-01-31", lts=True)]) == date(
        2025, 7, 31
    )


def test_behind_a_release_of_unknown_kind_or_date_the_next_one_is_not_known() -> None:
    nine, kindless = of("9.0.0"), release("10.0.0", "2024-01-31", lts=None)
    later = release("11.0.0", "2025-01-31", lts=True)
    assert maintenance_end(nine, [nine, kindless, later]) == date(2025, 2, 28)
    stable, dateless = release("12.0.0", "2025-01-31", lts=False), release("13.0.0", lts=False)
    assert maintenance_end(stable, [stable, dateless, release("14.0.0", "2026-01-31")]) == date(2025, 7, 31)


def test_a_release_that_does_not_say_is_lts_where_its_series_is() -> None:
    patch = release("13.0.1", "2027-01-10", "2.11.3")
    told = at("13.0.1", "2027-01-10", patch)
    assert (told.lts, told.maintained_until) == (True, date(2028, 5, 31))
    stable = patch.model_copy(update={"lts": False})
    assert maintenance_end(stable, [of("13.0.0"), stable]) == date(2027, 5, 31)
    alone = lifecycle(patch, [patch], date(2027, 1, 10))
    assert (alone.lts, alone.maintained_until) == (None, date(2027, 7, 31))


def test_a_successor_that_does_not_say_is_lts_where_its_series_is() -> None:
    nine, silent = of("9.0.0"), release("11.0.0", "2025-01-31")
    patch = release("11.0.1", "2025-03-01", lts=True)
    assert maintenance_end(nine, [nine, silent]) == date(2025, 2, 28)
    assert maintenance_end(nine, [nine, silent, patch]) == date(2025, 7, 31)


def test_of_many_successors_the_next_one_counts() -> None:
    one, two, three = (release(f"{n}.0.0", f"2024-0{n - 19}-15", lts=False) for n in (20, 24, 28))
    assert maintenance_end(one, [three, two, one]) == date(2024, 8, 31)


def test_our_own_releases_follow_the_policy() -> None:
    old = at("13.0.0", "2026-11-24")
    assert (old.maintained_until, old.basic_support_until, old.published) == (date(2028, 5, 31), None, False)
    new = at("3.3-1", "2026-11-24")
    assert (new.maintained_until, new.basic_support_until) == (date(2028, 11, 30), date(2029, 5, 31))
    assert [old.stage, new.stage] == ["maintained"] * 2


def test_a_later_patch_of_airflow_3_does_not_begin_its_series_anew() -> None:
    patch = release("3.3-2", "2027-03-01", "3.3.3")
    assert at("3.3-2", "2027-03-01", patch).maintained_until == date(2028, 11, 30)
    assert at("3.3-1", "2027-03-01", patch).stage == "maintained"


def test_a_published_end_moves_the_basic_support_that_follows_it() -> None:
    told = lifecycle(
        release("3.0-18", "2026-09-15", "3.0.6", end_of_maintenance="2027-04-30"), (), date(2027, 5, 1)
    )
    assert (told.stage, told.basic_support_until) == ("basic support", date(2027, 10, 31))


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
def test_every_stage_has_its_first_and_its_last_day(name: str, today: str, stage: str) -> None:
    assert at(name, today).stage == stage


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
def test_only_the_latest_release_of_a_major_is_maintained(facts: dict[str, object], stage: str) -> None:
    newer = release("13.1.0", "2027-03-01").model_dump() | facts
    told = at("13.0.0", "2027-03-01", Release.model_validate(newer))
    assert (told.stage, told.superseded_by) == (stage, "13.1.0" if stage == "superseded" else None)


def test_where_maintenance_of_the_major_has_ended_none_is_maintained_in_its_place() -> None:
    assert at("4.1.0", "2023-09-30").superseded_by == "4.2.0"
    assert at("4.1.0", "2023-10-01").superseded_by is None


def test_a_yanked_release_is_yanked_at_every_time() -> None:
    yanked = release("13.5.0", "2026-12-01", yanked=True, end_of_maintenance="2027-04-30")
    for today in ("2026-11-01", "2026-12-24", "2030-01-01"):
        assert lifecycle(yanked, releases(), date.fromisoformat(today)).stage == "yanked"


@pytest.mark.parametrize("channel", ["alpha", "beta"])
def test_what_is_tried_out_is_not_maintained_by_the_policy_and_begins_no_series(channel: str) -> None:
    early = release("3.4-0", "2027-01-05", "3.4.0", channel=channel)
    final = release("3.4-1", "2027-02-05", "3.4.0")
    assert lifecycle(early, [early, final], date(2027, 1, 6)).stage == "unknown"
    assert maintenance_end(final, [early, final]) == date(2029, 2, 28)


def test_a_series_whose_first_release_is_yanked_began_with_it_all_the_same() -> None:
    major = [
        release("20.0.0", "2024-01-15", lts=False, yanked=True),
        release("20.0.1", "2024-03-01", lts=False),
    ]
    assert [maintenance_end(one, major) for one in major] == [date(2024, 7, 31)] * 2
    minor = [release("3.4-1", "2027-01-15", "3.4.0", yanked=True), release("3.4-2", "2027-03-01", "3.4.0")]
    assert maintenance_end(minor[1], minor) == date(2029, 1, 31)


def test_a_successor_that_is_yanked_came_out_all_the_same() -> None:
    seven, eight = of("7.0.0"), of("8.0.0").model_copy(update={"yanked": True})
    later = release("8.0.1", "2023-06-15", lts=False)
    assert maintenance_end(seven, [seven, eight, later]) == date(2023, 7, 31)


@pytest.mark.parametrize(
    ("told", "lts", "shown"),
    [("stable", True, "stable, LTS"), ("beta", None, "beta"), (None, True, "LTS"), (None, False, "")],
)
def test_the_channel_says_lts(told: str | None, lts: bool | None, shown: str) -> None:
    one = release("20.0.0", "2026-12-01", channel=told, lts=lts)
    assert channel_label(one, lifecycle(one, (), date(2026, 12, 1))) == shown


def test_days_are_counted_to_the_last_day_of_maintenance() -> None:
    told = at("13.0.0", "2028-05-01")
    assert [told.days_left(date(2028, 5, day)) for day in (1, 31)] == [30, 0]
    assert told.days_left(date(2028, 6, 1)) == -1
    assert at("10.0.0", "2028-05-01").days_left(date(2028, 5, 1)) is None


DAYS = st.dates(date(2021, 1, 1), date(2040, 12, 31))
FAMILIES = st.sampled_from([2, 3])


@st.composite
def dated(draw: st.DrawFn, family: int | None = None) -> Release:
    numbers = [draw(st.integers(0, 4)) for _ in range(3)]
    name = ("{}.{}.{}" if (family or draw(FAMILIES)) == 2 else "{}.{}-{}").format(*numbers)
    return release(
        name,
        draw(DAYS).isoformat(),
        lts=draw(st.none() | st.booleans()),
        yanked=draw(st.booleans()),
        channel=draw(st.sampled_from(["stable", "deprecated", "alpha", "beta", None])),
    )


LISTS = st.lists(dated(), max_size=8, unique_by=lambda one: one.release)


@given(DAYS, st.integers(0, 60))
def test_the_end_of_a_month_is_its_last_day_and_as_many_months_later(day: date, months: int) -> None:
    end = end_of_month(day, months)
    assert (end + DAY).day == 1
    assert (end.year - day.year) * 12 + end.month - day.month == months


@given(dated(), LISTS, DAYS)
def test_whatever_is_computed_ends_with_a_month(one: Release, others: list[Release], today: date) -> None:
    told = lifecycle(one, others, today)
    for end in filter(None, (told.maintained_until, told.basic_support_until)):
        assert (end + DAY).day == 1


@given(dated(), LISTS, dated(2), st.integers(5, 9))
def test_a_later_successor_never_shortens(
    one: Release, others: list[Release], later: Release, major: int
) -> None:
    later = later.model_copy(update={"release": f"{major}.0.0"})
    before, after = maintenance_end(one, [one, *others]), maintenance_end(one, [one, *others, later])
    assert before == after or (before is not None and after is not None and before < after)


@given(LISTS.filter(bool), DAYS, st.randoms())
def test_the_order_of_the_releases_does_not_matter(known: list[Release], today: date, random: object) -> None:
    shuffled = known[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [lifecycle(one, known, today) for one in known] == [
        lifecycle(one, shuffled, today) for one in known
    ]


@given(dated(), LISTS, DAYS)
def test_a_published_date_wins_whatever_is_beside_it(
    one: Release, others: list[Release], today: date
) -> None:
    published = one.model_copy(update={"end_of_maintenance": date(2041, 5, 17)})
    told = lifecycle(published, others, today)
    assert (told.maintained_until, told.published) == (date(2041, 5, 17), True)
    assert not lifecycle(one, others, today).published


@given(dated(), st.lists(DAYS, min_size=2, max_size=6))
def test_a_release_alone_never_goes_back_to_an_earlier_stage(one: Release, days: list[date]) -> None:
    stages = [lifecycle(one, (), today).stage for today in sorted(days)]
    fixed = {"yanked", "unknown"}
    assert len(set(stages)) == 1 or fixed.isdisjoint(stages) or stages[0] == "future"
    ranks = [ORDER.index(stage) for stage in stages if stage not in fixed]
    assert ranks == sorted(ranks)


@given(dated(), LISTS, DAYS)
def test_the_stage_agrees_with_the_dates(one: Release, others: list[Release], today: date) -> None:
    told = lifecycle(one, others, today)
    left = told.days_left(today)
    if told.stage in ("maintained", "superseded"):
        assert left is None or left >= 0
    if told.stage in ("basic support", "unmaintained"):
        assert left is not None
        assert left < 0
    if told.stage == "basic support":
        assert told.basic_support_until is not None
        assert today <= told.basic_support_until
