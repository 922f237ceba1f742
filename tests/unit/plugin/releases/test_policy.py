"""The maintenance policy, compared with the documented releases, by hand for each rule, and by properties."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.policy import end_of_month, is_lts, maintenance_end
from astro_runtime_plugin.releases.release import Release
from testing.releases import DAYS, RELEASE_LISTS, listed_release, release, releases_of_family

# The documented releases whose published end is not the policy's, and the policy's end.
EXCEPTIONS = {"8.0.0": date(2023, 11, 30), "9.0.0": date(2025, 2, 28)}
DOCUMENTED = ["4.0.0", "5.0.0", "6.0.0", "7.0.0", "8.0.0", "9.0.0"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_policy_computes_the_published_end_except_for_the_known_exceptions(name: str) -> None:
    computed, published = (
        maintenance_end(listed_release(name), releases()),
        listed_release(name).end_of_maintenance,
    )
    assert computed == EXCEPTIONS.get(name, published)
    assert (computed != published) == (name in EXCEPTIONS)


def test_successor_postpones_the_end() -> None:
    seven, eight = listed_release("7.0.0"), listed_release("8.0.0")
    assert maintenance_end(seven, [seven]) == date(2023, 6, 30)
    assert maintenance_end(seven, [seven, eight]) == date(2023, 7, 31)


def test_successor_of_an_lts_release_is_the_next_lts_release() -> None:
    nine = listed_release("9.0.0")
    stable = release("10.0.0", "2025-06-01", lts=False)
    lts = release("11.0.0", "2025-01-31", lts=True)
    assert maintenance_end(nine, [nine, stable]) == date(2025, 2, 28)
    assert maintenance_end(nine, [nine, stable, lts]) == date(2025, 7, 31)


def test_successor_is_unknown_after_a_release_of_unknown_lts_or_date() -> None:
    nine, without_flag = listed_release("9.0.0"), release("10.0.0", "2024-01-31", lts=None)
    later = release("11.0.0", "2025-01-31", lts=True)
    assert maintenance_end(nine, [nine, without_flag, later]) == date(2025, 2, 28)
    stable, without_date = release("12.0.0", "2025-01-31", lts=False), release("13.0.0", lts=False)
    later = release("14.0.0", "2026-01-31")
    assert maintenance_end(stable, [stable, without_date, later]) == date(2025, 7, 31)


def test_release_without_lts_flag_inherits_it_from_its_series() -> None:
    first, patch = listed_release("13.0.0"), release("13.0.1", "2027-01-10", "2.11.3")
    assert is_lts(patch, [first, patch]) is True
    assert maintenance_end(patch, [first, patch]) == date(2028, 5, 31)
    assert is_lts(patch, [patch]) is None
    assert maintenance_end(patch, [patch]) == date(2027, 7, 31)
    stable = patch.model_copy(update={"lts": False})
    assert maintenance_end(stable, [first, stable]) == date(2027, 5, 31)


def test_successor_without_lts_flag_inherits_it_from_its_series() -> None:
    nine, successor = listed_release("9.0.0"), release("11.0.0", "2025-01-31")
    patch = release("11.0.1", "2025-03-01", lts=True)
    assert maintenance_end(nine, [nine, successor]) == date(2025, 2, 28)
    assert maintenance_end(nine, [nine, successor, patch]) == date(2025, 7, 31)


def test_next_of_several_successors_counts() -> None:
    first, second, third = (release(f"{n}.0.0", f"2024-0{n - 19}-15", lts=False) for n in (20, 24, 28))
    assert maintenance_end(first, [third, second, first]) == date(2024, 8, 31)


@pytest.mark.parametrize("channel", ["alpha", "beta"])
def test_preview_release_has_no_end_and_does_not_start_its_series(channel: str) -> None:
    preview = release("3.4-0", "2027-01-05", "3.4.0", channel=channel)
    final = release("3.4-1", "2027-02-05", "3.4.0")
    assert maintenance_end(preview, [preview, final]) is None
    assert maintenance_end(final, [preview, final]) == date(2029, 2, 28)


def test_yanked_release_starts_its_series() -> None:
    major = [
        release("20.0.0", "2024-01-15", lts=False, yanked=True),
        release("20.0.1", "2024-03-01", lts=False),
    ]
    assert [maintenance_end(patch, major) for patch in major] == [date(2024, 7, 31)] * 2
    minor = [release("3.4-1", "2027-01-15", "3.4.0", yanked=True), release("3.4-2", "2027-03-01", "3.4.0")]
    assert maintenance_end(minor[1], minor) == date(2029, 1, 31)


def test_yanked_successor_postpones_the_end() -> None:
    seven, eight = listed_release("7.0.0"), listed_release("8.0.0").model_copy(update={"yanked": True})
    later = release("8.0.1", "2023-06-15", lts=False)
    assert maintenance_end(seven, [seven, eight, later]) == date(2023, 7, 31)


@given(DAYS, st.integers(0, 60))
def test_end_of_month_is_the_last_day_as_many_months_later(day: date, months: int) -> None:
    end = end_of_month(day, months)
    assert (end + timedelta(days=1)).day == 1
    assert (end.year - day.year) * 12 + end.month - day.month == months


@given(releases_of_family(), RELEASE_LISTS, releases_of_family(2), st.integers(5, 9))
def test_later_successor_never_brings_the_end_forward(
    release: Release, others: list[Release], successor: Release, major: int
) -> None:
    successor = successor.model_copy(update={"release": f"{major}.0.0"})
    before = maintenance_end(release, [release, *others])
    after = maintenance_end(release, [release, *others, successor])
    assert before == after or (before is not None and after is not None and before < after)
