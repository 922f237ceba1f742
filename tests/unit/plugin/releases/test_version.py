from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.version import Version, VersionError

NUMBERS = st.integers(0, 999_999_999)
VERSIONS = st.builds(Version, st.sampled_from([2, 3]), NUMBERS, NUMBERS, NUMBERS)
NEIGHBOURS = st.builds(Version, st.sampled_from([2, 3]), *[st.integers(0, 2)] * 3)
IN_ORDER = (
    "3.0.0 4.0.0 4.1.0 4.2.0 4.2.10 6.0.4 9.0.0 10.0.0 13.0.0 13.0.1 13.11.0 3.0-1 3.0-18 3.3-9 3.3-10 3.10-1 4.0-1"
).split()
INVALID = [
    *(
        "",
        " ",
        "13",
        "13.0",
        "13.0.0.0",
        "3.3-1-1",
        "3.3.post1",
        "v13.0.0",
        "13.0.0-alpha1",
        "3.3-",
        "-3.3-1",
    ),
    *("3.3-1\n", " 3.3-1", "03.3-1", "3.3--1", "3.3-1-slim", "3.3_1", "٣.3-1", "1" * 5000 + ".0.0", "latest"),
]


@pytest.mark.parametrize(
    ("text", "version", "series"),
    [
        ("13.0.0", (2, 13, 0, 0), "13"),
        ("13.11.2", (2, 13, 11, 2), "13"),
        ("3.3-1", (3, 3, 3, 1), "3.3"),
        ("3.0.4", (2, 3, 0, 4), "3"),
        ("3.10-12", (3, 3, 10, 12), "3.10"),
    ],
)
def test_parse_reads_both_forms(text: str, version: tuple[int, ...], series: str) -> None:
    assert Version.parse(text) == version
    assert Version.parse(text).series == series


def test_versions_sort_in_release_order() -> None:
    assert all(lower < higher for lower, higher in pairwise(map(Version.parse, IN_ORDER)))


@pytest.mark.parametrize("text", INVALID)
def test_parse_rejects_invalid_text_and_names_the_form(text: str) -> None:
    message = r"is not a Runtime release; it must be .*13\.0\.0.*3\.3-1"
    with pytest.raises(VersionError, match=message) as caught:
        Version.parse(text)
    assert repr(text[:200])[:-1] in str(caught.value)
    assert len(str(caught.value)) < 400


@given(VERSIONS)
def test_parse_reads_what_str_writes(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(VERSIONS.map(str) | st.text(alphabet="0123456789.-", max_size=12))
def test_str_writes_what_parse_read(text: str) -> None:
    written = text
    with suppress(VersionError):
        written = str(Version.parse(text))
    assert written == text


@given(VERSIONS, VERSIONS)
def test_airflow_2_releases_sort_before_airflow_3_releases(first: Version, second: Version) -> None:
    assert first._replace(family=2) < second._replace(family=3)


@given(NEIGHBOURS, NEIGHBOURS, NEIGHBOURS)
def test_releases_of_a_series_are_adjacent(first: Version, second: Version, third: Version) -> None:
    low, middle, high = sorted([first, second, third])
    assert low.series != high.series or middle.series == low.series


@given(VERSIONS, NUMBERS)
def test_series_does_not_depend_on_the_patch(version: Version, patch: int) -> None:
    assert version._replace(patch=patch).series == version.series
