"""Which release is offered: by hand for each pitfall, and by properties for whatever lists of releases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.releases.version import Version
from astro_runtime_plugin.updates.document import parse
from astro_runtime_plugin.updates.offer import offered_update
from testing.update_documents import REAL

TODAY = date(2026, 9, 30)


def release(name: str, day: date | None = TODAY, **more: Any) -> Release:
    return Release(release=name, airflow="3.3.2" if "-" in name else "2.11.2", release_date=day, **more)


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
def test_of_a_real_document(running: str, today: date, offered: str | None) -> None:
    found = offered_update(running, parse(REAL), today)
    assert (found.release if found else None) == offered


@pytest.mark.parametrize(
    "never",
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
def test_never_offered(never: dict[str, Any]) -> None:
    good = release("3.3-2")
    assert offered_update("3.3-1", [good, release("3.3-3")], TODAY) == release("3.3-3")
    bad = Release.model_validate(release("3.3-3").model_dump() | never)
    assert offered_update("3.3-1", [good, bad], TODAY) == good
    assert offered_update("3.3-1", [bad], TODAY) is None


def test_a_back_ported_release_is_no_newer_one() -> None:
    old = [release("3.2-9", TODAY), release("3.3-1", TODAY - timedelta(days=90))]
    assert offered_update("3.3-1", old, TODAY) is None


def test_numbers_are_numbers() -> None:
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
def test_what_is_offered_is_the_best_that_can_be_had(running: str, releases: list[Release]) -> None:
    here = Version.parse(running)
    fit = [
        one
        for one in releases
        if one.channel == "stable" and not one.yanked and one.release_date and one.release_date <= TODAY
        if one.version > here
    ]
    offered = offered_update(running, releases, TODAY)
    if offered is None:
        assert fit == []
        return
    assert offered in fit
    patches = [one.version for one in fit if one.version.series == here.series]
    assert offered.version == max(patches or [one.version for one in fit])


@given(NAMES, st.lists(RELEASES, max_size=12), st.randoms())
def test_the_order_of_the_list_does_not_matter(running: str, releases: list[Release], chance: Any) -> None:
    unique = list({one.release: one for one in releases}.values())
    shuffled = [*unique]
    chance.shuffle(shuffled)
    assert offered_update(running, shuffled, TODAY) == offered_update(running, unique, TODAY)


@given(NAMES, st.lists(RELEASES, max_size=12))
def test_updates_come_to_an_end(running: str, releases: list[Release]) -> None:
    steps = 0
    while offered := offered_update(running, releases, TODAY):
        assert offered.version > Version.parse(running)
        running, steps = offered.release, steps + 1
    assert steps <= 2, "the best patch, and then the newest series"
