from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from astro_runtime_plugin.releases.catalogue import CatalogueError, Release, parse, releases

GOOD: dict[str, Any] = {
    "release": "3.3-1",
    "airflow": "3.3.2",
    "release_date": "2026-11-24",
    "end_of_maintenance": "2028-11-30",
    "end_of_basic_support": "2029-05-31",
    "python_versions": ["3.12", "3.13"],
    "default_python": "3.12",
    "url": "https://example.com/3.3-1",
}


def text(*rows: object) -> str:
    return json.dumps({"releases": rows})


def changed(**facts: object) -> str:
    return text(GOOD | facts)


def of(name: str) -> Release:
    (found,) = (release for release in releases() if release.release == name)
    return found


# What is documented of each major: Airflow, Python, released, end of maintenance, LTS.
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
def test_the_documented_lifecycle_stands_in_it(
    name: str, airflow: str, python: str, released: date, end: date, lts: bool
) -> None:
    release = of(name)
    assert (release.airflow, release.python_versions, release.default_python) == (airflow, [python], python)
    assert (release.release_date, release.end_of_maintenance, release.lts) == (released, end, lts)


@pytest.mark.parametrize(
    ("name", "airflow"),
    [
        *(("3.0.0", "2.1.1"), ("4.0.0", "2.2.0"), ("4.1.0", "2.2.4"), ("4.2.0", "2.2.4"), ("10.0.0", "2.8")),
        *(("13.0.0", "2.11.2"), ("3.3-1", "3.3.2")),
    ],
)
def test_the_finer_rows_name_their_airflow(name: str, airflow: str) -> None:
    assert of(name).airflow == airflow


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
def test_every_documented_debian_stands_in_it(major: int, debians: list[str]) -> None:
    rows = [release for release in releases() if release.version[:2] == (2, major)]
    assert rows
    assert all([os.version for os in release.os] == debians for release in rows)
    assert {os.codename for release in rows for os in release.os} == {"bullseye"}


def test_arm64_is_there_from_6_0_4_on() -> None:
    first = of("6.0.4").version
    documented = [release for release in releases() if release.architectures]
    assert len(documented) == len(releases()) - 1
    for release in documented:
        assert release.architectures == ["amd64", "arm64"][: 1 + (release.version >= first)]


@pytest.mark.parametrize(
    ("majors", "oldest", "newest"), [((5, 6), 10, 13), ((7, 8, 9), 11, 15), ((10,), 12, 16)]
)
def test_the_documented_postgresql_versions_stand_in_it(
    majors: tuple[int, ...], oldest: int, newest: int
) -> None:
    rows = [release for release in releases() if release.version[:2] in [(2, major) for major in majors]]
    assert {release.version.major for release in rows} == set(majors)
    assert all(release.postgresql == list(range(oldest, newest + 1)) for release in rows)


def test_what_is_documented_nowhere_is_left_out() -> None:
    for name in ("3.0.0", "10.0.0"):
        release = of(name)
        assert (release.release_date, release.end_of_maintenance, release.lts) == (None, None, None)
        assert release.python_versions == []
    assert of("3.0.0").os == []  # the documents name the Debians of 4 to 10, "all bullseye"
    assert [of(name).release_date for name in ("4.1.0", "4.2.0", "6.0.4")] == [None] * 3


def test_the_facts_of_a_major_are_the_same_at_each_of_its_releases() -> None:
    facts = {"airflow", "architectures", "release", "release_date"}
    rows: dict[str, dict[str, Any]] = {}
    for release in releases():
        told = release.model_dump(exclude=facts)
        assert rows.setdefault(release.version.series, told) == told


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (
            changed(release="3.3"),
            "release 3.3: release: '3.3' is no release of the Runtime; it must be three",
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
            "release 3.3-1: url: it must hold no user name or password",
        ),
        (
            changed(architectures=["vax"]),
            "release 3.3-1: architectures.0: Input should be 'amd64' or 'arm64'",
        ),
        (changed(realease="3.3-1"), "release 3.3-1: realease: "),
        (text({"airflow": "3.3.2"}), "release number 1: release: Field required"),
        (text(GOOD, "3.3-2"), "release number 2: "),
        (text(GOOD, GOOD), "release 3.3-1 is there twice"),
        (text(GOOD, GOOD | {"release": "13.0.0"}), "release 13.0.0 must stand before 3.3-1"),
        (
            text(GOOD, GOOD | {"release": "3.3-2", "release_date": "2026-11-23"}),
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
def test_what_cannot_stand_in_it_is_one_line_that_names_release_and_field(held: str, told: str) -> None:
    with pytest.raises(CatalogueError) as error:
        parse(held)
    assert str(error.value).startswith(f"catalogue.json: {told}")
    assert "\n" not in str(error.value)
    assert error.value.code == 78


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(CatalogueError) as error:
        parse(changed(url="https://me:hunter2@example.com"))
    assert "hunter2" not in str(error.value)


def test_good_rows_are_read_and_a_back_port_may_be_younger_than_the_next_series() -> None:
    back_port = GOOD | {"release": "3.2-9", "release_date": "2027-05-05"}
    assert [release.release for release in parse(text(back_port, GOOD))] == ["3.2-9", "3.3-1"]


def test_a_release_is_checked_wherever_it_comes_from_and_stays_as_it_is() -> None:
    release = Release(**GOOD)
    assert release.release_date == date(2026, 11, 24)
    with pytest.raises(ValidationError, match="must come after"):
        Release(**GOOD | {"end_of_maintenance": "2026-01-31"})
    with pytest.raises(ValidationError, match="frozen"):
        release.yanked = True


def test_a_reason_is_one_line_of_what_can_be_printed() -> None:
    release = Release(**GOOD, yanked=True, yanked_reason="500s\n in the\x1b[31m\u202eweb server ")
    assert release.yanked_reason == "500s in the [31m web server"


@pytest.mark.parametrize(
    ("reason", "why"),
    [("500s.", "500s"), ("500s", "500s"), ("", "no reason is given"), (" . ", "no reason is given")],
)
def test_why_it_was_yanked_stands_within_a_sentence(reason: str, why: str) -> None:
    assert Release(**GOOD, yanked=True, yanked_reason=reason).why_yanked == why


def test_no_caller_changes_what_the_next_one_reads() -> None:
    releases().clear()
    assert releases()
