"""The index of releases gives the same answers as a look at all of them."""

from __future__ import annotations

from datetime import date

from hypothesis import given

from astro_runtime_plugin.releases.lifecycle import superseding_release
from astro_runtime_plugin.releases.policy import _successor_start, is_lts
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex, starts_series
from testing.releases import DAYS, RELEASE_LISTS, releases_of_family


def slow_series_start(release: Release, releases: list[Release]) -> date | None:
    series = [
        other for other in releases if starts_series(other) and other.version.series == release.version.series
    ]
    return min((other.release_date for other in series if other.release_date), default=None)


def slow_is_lts(release: Release, releases: list[Release]) -> bool | None:
    if release.lts is not None:
        return release.lts
    series = [other for other in releases if other.version.series == release.version.series]
    flags = {other.lts for other in series if starts_series(other)} - {None}
    return any(flags) if flags else None


def slow_successor_start(release: Release, releases: list[Release]) -> date | None:
    later = [
        other
        for other in releases
        if starts_series(other)
        and other.version.family == release.version.family
        and other.version.major > release.version.major
    ]
    for other in sorted(later, key=lambda candidate: candidate.version):
        lts = slow_is_lts(other, releases)
        if lts or not slow_is_lts(release, releases):
            return slow_series_start(other, releases)
        if lts is None:
            return None
    return None


def slow_successor(release: Release, releases: list[Release], today: date) -> Release | None:
    newer = [
        other
        for other in releases
        if other.version.family == 2 and other.version.series == release.version.series
        if other.version > release.version and other.is_stable and (other.release_date or today) <= today
    ]
    return max(newer, key=lambda other: other.version, default=None)


@given(RELEASE_LISTS, DAYS)
def test_index_agrees_with_a_look_at_all_releases(releases: list[Release], today: date) -> None:
    index = ReleaseIndex(releases)
    for release in releases:
        series = index.series_of(release)
        assert is_lts(release, index) == slow_is_lts(release, releases)
        assert series.start == slow_series_start(release, releases)
        assert superseding_release(release, index, today) == slow_successor(release, releases, today)


@given(RELEASE_LISTS)
def test_start_of_the_next_series_agrees_with_a_look_at_all_releases(releases: list[Release]) -> None:
    index = ReleaseIndex(releases)
    for release in releases:
        if release.version.family == 2:  # the policy asks for no other
            assert _successor_start(release, index) == slow_successor_start(release, releases)


@given(RELEASE_LISTS, releases_of_family())
def test_index_finds_releases_by_name(releases: list[Release], other: Release) -> None:
    index = ReleaseIndex(releases)
    assert [index.find(release.release) for release in releases] == releases
    assert index.including(other).find(other.release) is not None
    assert all(index.including(release) is index for release in releases)
