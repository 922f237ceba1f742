"""Which release is offered: by hand for each pitfall, and by properties for any list of releases."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.version import Version
from astro_runtime_plugin.updates.document import parse
from astro_runtime_plugin.updates.offer import offered_update
from testing.update_documents import REAL

TODAY = date(2026, 9, 30)


def release(name: str, day: date | None = TODAY, **facts: Any) -> Release:
    return Release(release=name, airflow="3.3.2" if "-" in name else "2.11.2", release_date=day, **facts)


@pytest.mark.parametrize(
    ("running", "today", "offered"),
    [
        ("3.3-1", TODAY, "3.3-8"),
        ("3.3-1", date(2026, 9, 23), "3.3-8"),
        ("3.3-1", date(2026, 9, 22), None),
        ("3.0-1", TODAY, "3.0-18"),
        ("3.0-18", TODAY, "3.3-8"),
        ("3.1-4", TODAY, "3.3-8"),
        ("13.0.0", TODAY, "13.11.0"),
        ("13.0.0", date(2026, 4, 1), None),
        ("13.11.0", TODAY, "3.3-8"),
        ("3.3-8", TODAY, None),
        ("3.4-1", TODAY, None),
    ],
)
def test_update_from_real_document_depends_on_release_and_day(
    running: str, today: date, offered: str | None
) -> None:
    update = offered_update(running, parse(REAL), today)
    assert (update.release if update else None) == offered


@pytest.mark.parametrize(
    "facts",
    [
        {"channel": "alpha"},
        {"channel": "beta"},
        {"channel": "deprecated"},
        {"channel": None},
        {"yanked": True},
        {"release_date": TODAY + timedelta(days=1)},
        {"release_date": None},
    ],
)
def test_unavailable_release_is_never_offered(facts: dict[str, Any]) -> None:
    older = release("3.3-2")
    assert offered_update("3.3-1", [older, release("3.3-3")], TODAY) == release("3.3-3")
    unavailable = Release.model_validate(release("3.3-3").model_dump() | facts)
    assert offered_update("3.3-1", [older, unavailable], TODAY) == older
    assert offered_update("3.3-1", [unavailable], TODAY) is None


def test_backport_of_an_older_series_is_not_offered() -> None:
    releases = [release("3.2-9", TODAY), release("3.3-1", TODAY - timedelta(days=90))]
    assert offered_update("3.3-1", releases, TODAY) is None


def test_versions_are_compared_as_numbers() -> None:
    assert offered_update("3.3-9", [release("3.3-10"), release("3.3-9")], TODAY) == release("3.3-10")
    assert offered_update("3.9-1", [release("3.10-1")], TODAY) == release("3.10-1")


NAMES = st.one_of(
    st.builds("{}.{}.{}".format, st.integers(11, 14), st.integers(0, 3), st.integers(0, 3)),
    st.builds("3.{}-{}".format, st.integers(0, 3), st.integers(1, 12)),
)
RELEASES = st.builds(
    release,
    NAMES,
    st.none() | st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)),
    channel=st.sampled_from(["stable", "stable", "stable", "deprecated", "alpha", "beta"]),
    yanked=st.booleans(),
)


@given(NAMES, st.lists(RELEASES, max_size=12))
def test_offered_update_is_the_best_available(running: str, releases: list[Release]) -> None:
    current = Version.parse(running)
    newer = [
        release
        for release in releases
        if release.channel == "stable" and not release.yanked
        if release.release_date and release.release_date <= TODAY
        if release.version > current
    ]
    offered = offered_update(running, releases, TODAY)
    if offered is None:
        assert newer == []
        return
    assert offered in newer
    patches = [release.version for release in newer if release.version.series == current.series]
    assert offered.version == max(patches or [release.version for release in newer])


@given(NAMES, st.lists(RELEASES, max_size=12), st.randoms())
def test_order_of_the_releases_does_not_matter(running: str, releases: list[Release], random: Random) -> None:
    unique = list({release.release: release for release in releases}.values())
    shuffled = [*unique]
    random.shuffle(shuffled)
    assert offered_update(running, shuffled, TODAY) == offered_update(running, unique, TODAY)


@given(NAMES, st.lists(RELEASES, max_size=12))
def test_update_path_has_at_most_two_steps(running: str, releases: list[Release]) -> None:
    steps = 0
    while offered := offered_update(running, releases, TODAY):
        assert offered.version > Version.parse(running)
        running, steps = offered.release, steps + 1
    assert steps <= 2, "the best patch, then the newest series"
