from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from astro_runtime_plugin.releases.catalogue import parse, releases
from astro_runtime_plugin.releases.current import CatalogueError
from astro_runtime_plugin.releases.release import Release

ROW: dict[str, Any] = {
    "release": "3.3-1",
    "airflow": "3.3.2",
    "release_date": "2026-11-24",
    "end_of_maintenance": "2028-11-30",
    "end_of_basic_support": "2029-05-31",
    "python_versions": ["3.12", "3.13"],
    "default_python": "3.12",
    "url": "https://example.com/3.3-1",
}


def catalogue(*rows: object) -> str:
    """Return the text of a catalogue with these rows."""
    return json.dumps({"releases": rows})


def changed(**facts: object) -> str:
    """Return the text of a catalogue with ROW and these facts."""
    return catalogue(ROW | facts)


def listed_release(name: str) -> Release:
    (release,) = (release for release in releases() if release.release == name)
    return release


# The documented facts of each major: Airflow, Python, release date, end of maintenance, LTS.
@pytest.mark.parametrize(
    ("name", "airflow", "python", "released", "end", "lts"),
    [
        ("4.0.0", "2.2.0", "3.9", date(2022, 3, 10), date(2023, 9, 30), True),
        ("5.0.0", "2.3.0", "3.9", date(2022, 4, 30), date(2023, 10, 31), True),
        ("6.0.0", "2.4", "3.9", date(2022, 9, 19), date(2024, 3, 31), True),
        ("7.0.0", "2.5", "3.9", date(2022, 12, 3), date(2023, 7, 31), False),
        ("8.0.0", "2.6", "3.10", date(2023, 4, 30), date(2023, 10, 31), False),
        ("9.0.0", "2.7", "3.11", date(2023, 8, 18), date(2025, 1, 31), True),
    ],
)
def test_catalogue_has_the_documented_lifecycle_of_each_major(
    name: str, airflow: str, python: str, released: date, end: date, lts: bool
) -> None:
    release = listed_release(name)
    assert (release.airflow, release.python_versions, release.default_python) == (airflow, [python], python)
    assert (release.release_date, release.end_of_maintenance, release.lts) == (released, end, lts)


@pytest.mark.parametrize(
    ("name", "airflow"),
    [
        *(("3.0.0", "2.1.1"), ("4.0.0", "2.2.0"), ("4.1.0", "2.2.4"), ("4.2.0", "2.2.4"), ("10.0.0", "2.8")),
        *(("13.0.0", "2.11.2"), ("3.3-1", "3.3.2")),
    ],
)
def test_catalogue_has_the_documented_airflow(name: str, airflow: str) -> None:
    assert listed_release(name).airflow == airflow


@pytest.mark.parametrize(
    ("major", "debians"),
    [
        (4, ["11.1", "11.3"]),
        (5, ["11.3"]),
        (6, ["11.5"]),
        (7, ["11.5"]),
        (8, ["11.7"]),
        (9, ["11.7"]),
        (10, ["11.8"]),
    ],
)
def test_catalogue_has_every_documented_debian(major: int, debians: list[str]) -> None:
    rows = [release for release in releases() if release.version[:2] == (2, major)]
    assert rows
    assert all([os.version for os in release.os] == debians for release in rows)
    assert {os.codename for release in rows for os in release.os} == {"bullseye"}


def test_arm64_is_listed_from_6_0_4_on() -> None:
    first_version = listed_release("6.0.4").version
    documented = [release for release in releases() if release.architectures]
    assert len(documented) == len(releases()) - 1
    for release in documented:
        assert release.architectures == ["amd64", "arm64"][: 1 + (release.version >= first_version)]


@pytest.mark.parametrize(
    ("majors", "oldest", "newest"), [((5, 6), 10, 13), ((7, 8, 9), 11, 15), ((10,), 12, 16)]
)
def test_catalogue_has_the_documented_postgresql_versions(
    majors: tuple[int, ...], oldest: int, newest: int
) -> None:
    rows = [release for release in releases() if release.version[:2] in [(2, major) for major in majors]]
    assert {release.version.major for release in rows} == set(majors)
    assert all(release.postgresql == list(range(oldest, newest + 1)) for release in rows)


def test_undocumented_facts_are_left_out() -> None:
    for name in ("3.0.0", "10.0.0"):
        release = listed_release(name)
        assert (release.release_date, release.end_of_maintenance, release.lts) == (None, None, None)
        assert release.python_versions == []
    assert listed_release("3.0.0").os == []  # only 4 to 10 have a documented Debian
    assert [listed_release(name).release_date for name in ("4.1.0", "4.2.0", "6.0.4")] == [None] * 3


def test_releases_of_a_series_share_its_facts() -> None:
    individual_facts = {"airflow", "architectures", "release", "release_date"}
    by_series = defaultdict(list)
    for release in releases():
        by_series[release.version.series].append(release.model_dump(exclude=individual_facts))
    several = {series: rows for series, rows in by_series.items() if len(rows) > 1}
    assert several.keys() >= {"4", "6"}
    for rows in several.values():
        assert rows == [rows[0]] * len(rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            changed(release="3.3"),
            "release 3.3: release: '3.3' is not a Runtime release; it must be three",
        ),
        (changed(airflow="three"), "release 3.3-1: airflow: "),
        (changed(channel="fine"), "release 3.3-1: channel: Input should be 'stable'"),
        (changed(lts="yes"), "release 3.3-1: lts: Input should be a valid boolean"),
        (changed(release_date="2026-11-31"), "release 3.3-1: release_date: Input should be a valid date"),
        (
            changed(release_date="2026-11-24T12:00:00"),
            "release 3.3-1: release_date: Input should be a valid date",
        ),
        (changed(release_date=20261124), "release 3.3-1: release_date: Input should be a valid date"),
        (
            changed(release_date="0226-11-24"),
            "release 3.3-1: release_date: it must lie between 2021-01-01 and",
        ),
        (
            changed(end_of_maintenance="2026-11-24"),
            "release 3.3-1: end_of_maintenance (2026-11-24) must come after release_date (2026-11-24)",
        ),
        (
            changed(end_of_maintenance=None, end_of_basic_support="2026-01-31"),
            "release 3.3-1: end_of_basic_support (2026-01-31) must come after release_date (2026-11-24)",
        ),
        (
            changed(end_of_basic_support="2028-11-30"),
            "release 3.3-1: end_of_basic_support (2028-11-30) must come after end_of_maintenance (2028-11-30)",
        ),
        (changed(python_versions=["3"]), "release 3.3-1: python_versions.0: "),
        (
            changed(default_python="3.14"),
            "release 3.3-1: default_python (3.14) must be one of python_versions",
        ),
        (changed(url="javascript:alert(1)"), "release 3.3-1: url: it must begin with http:// or https://"),
        (
            changed(url="https:///3.3-1"),
            "release 3.3-1: url: it must begin with http:// or https:// and name",
        ),
        (
            changed(url="https://me:pw@example.com"),
            "release 3.3-1: url: it must not contain a user name or password",
        ),
        (
            changed(architectures=["vax"]),
            "release 3.3-1: architectures.0: Input should be 'amd64' or 'arm64'",
        ),
        (changed(realease="3.3-1"), "release 3.3-1: realease: "),
        (catalogue({"airflow": "3.3.2"}), "release number 1: release: Field required"),
        (catalogue(ROW, "3.3-2"), "release number 2: "),
        (catalogue(ROW, ROW), "release 3.3-1 is listed twice"),
        (catalogue(ROW, ROW | {"release": "13.0.0"}), "release 13.0.0 must be listed before 3.3-1"),
        (
            catalogue(ROW, ROW | {"release": "3.3-2", "release_date": "2026-11-23"}),
            "release 3.3-2: release_date must not be before 3.3-1's",
        ),
        ('{"releases": {}}', "releases: "),
        ("{}", "releases: Field required"),
        ("[]", "Input should be an object"),
        ("", "Invalid JSON: "),
        ('{"releases": [', "Invalid JSON: "),
    ],
    ids=str,
)
def test_invalid_catalogue_is_a_single_line_that_names_release_and_field(text: str, message: str) -> None:
    with pytest.raises(CatalogueError) as error:
        parse(text)
    assert str(error.value).startswith(f"catalogue.json: {message}")
    assert "\n" not in str(error.value)
    assert error.value.code == 78


def test_error_does_not_repeat_a_password_in_a_url() -> None:
    with pytest.raises(CatalogueError) as error:
        parse(changed(url="https://me:hunter2@example.com"))
    assert "hunter2" not in str(error.value)


def test_backport_may_be_newer_than_the_next_series() -> None:
    backport = ROW | {"release": "3.2-9", "release_date": "2027-05-05"}
    assert [release.release for release in parse(catalogue(backport, ROW))] == ["3.2-9", "3.3-1"]


def test_releases_returns_a_new_list_each_time() -> None:
    releases().clear()
    assert releases()
