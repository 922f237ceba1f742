from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.releases.version import Tag, Version, VersionError, parse_tag

NUMBERS = st.integers(0, 999_999_999)
VERSIONS = st.builds(Version, st.sampled_from([2, 3]), NUMBERS, NUMBERS, NUMBERS)
CLOSE = st.builds(Version, st.sampled_from([2, 3]), *[st.integers(0, 2)] * 3)
PYTHONS = st.one_of(st.just(()), st.tuples(NUMBERS, NUMBERS))
TAGS = st.builds(Tag, VERSIONS, PYTHONS, st.booleans(), st.booleans())
IN_ORDER = (
    "3.0.0 4.0.0 4.1.0 4.2.0 4.2.10 6.0.4 9.0.0 10.0.0 13.0.0 13.0.1 13.11.0 3.0-1 3.0-18 3.3-9 3.3-10 3.10-1 4.0-1"
).split()
NONSENSE = [
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
def test_both_forms_are_read(text: str, version: tuple[int, ...], series: str) -> None:
    assert Version.parse(text) == version
    assert Version.parse(text).series == series


def test_releases_are_in_the_order_in_which_they_follow_each_other() -> None:
    assert all(one < two for one, two in pairwise(map(Version.parse, IN_ORDER)))


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_told_what_a_release_looks_like(text: str) -> None:
    with pytest.raises(
        VersionError, match=r"is no release of the Runtime; it must be .*13\.0\.0.*3\.3-1"
    ) as told:
        Version.parse(text)
    assert repr(text[:200])[:-1] in str(told.value)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("text", [*(text for text in NONSENSE if text != "3.3-1-slim"), "orders:7"])
@pytest.mark.parametrize("suffix", ["", "-slim", "-python-3.12-base"])
def test_a_tag_of_no_release_is_told_what_a_tag_looks_like(text: str, suffix: str) -> None:
    with pytest.raises(VersionError, match="is no image tag of the Runtime; it must be a release such as"):
        parse_tag(text + suffix)


@pytest.mark.parametrize(
    "suffix",
    [
        *("-base-slim", "-slim-python-3.12", "-base-python-3.12", "-slim-slim", "-python-", "-python-3"),
        *("-python-3.12.1", "-python-3.012", "-python-3.12-python-3.12", "-full", "-SLIM", "-slim\n", "-"),
    ],
)
def test_suffixes_out_of_order_make_no_tag(suffix: str) -> None:
    with pytest.raises(VersionError, match="in this order"):
        parse_tag("3.3-1" + suffix)


def test_a_tags_parts_are_told() -> None:
    assert parse_tag("13.0.0") == Tag(Version(2, 13, 0, 0))
    assert parse_tag("3.3-1-python-3.12-slim-base") == Tag(Version(3, 3, 3, 1), (3, 12), True, True)
    assert parse_tag("3.3-1-base") == Tag(Version(3, 3, 3, 1), base=True)


def test_tags_of_one_release_stand_together() -> None:
    tags = "13.0.0 13.0.0-base 13.0.0-python-3.12 3.3-1 3.3-1-python-3.9 3.3-1-python-3.12-base 3.3-2".split()
    assert all(one < two for one, two in pairwise(map(parse_tag, tags)))


@given(VERSIONS)
def test_a_release_is_read_as_it_is_written(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(TAGS)
def test_a_tag_is_read_as_it_is_written(tag: Tag) -> None:
    assert parse_tag(str(tag)) == tag


@given(st.text(alphabet="0123456789.-", max_size=12))
def test_what_is_read_is_written_the_same(text: str) -> None:
    try:
        version = Version.parse(text)
    except VersionError:
        return
    assert str(version) == text


@given(VERSIONS, VERSIONS)
def test_every_release_of_airflow_2_comes_before_every_one_of_airflow_3(one: Version, two: Version) -> None:
    assert one._replace(family=2) < two._replace(family=3)


@given(CLOSE, CLOSE, CLOSE)
def test_a_series_is_not_torn_by_another_one(one: Version, two: Version, three: Version) -> None:
    low, middle, high = sorted([one, two, three])
    assert low.series != high.series or middle.series == low.series


@given(VERSIONS, NUMBERS)
def test_a_patch_belongs_to_the_series(version: Version, patch: int) -> None:
    assert version._replace(patch=patch).series == version.series
