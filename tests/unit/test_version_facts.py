"""The releases, Airflows, Pythons and dates that texts for people name are those of the catalogue's newest releases."""

from __future__ import annotations

import re
from datetime import date
from importlib.metadata import metadata

import pytest

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.lifecycle import lifecycle
from dev.versions import CHECKOUT, newest
from entrypoint.airflow_line import LINES

IMAGES, COMMANDS = "docs/reference/images.md", "docs/reference/command-line.md"
QUICK_START, COMPOSE = "docs/quick-start.md", "docs/how-to/compose.md"
FOR_BOTH_LINES = (
    "README.md",
    "compose.yaml",
    "deploy/helm-values.yaml",
    IMAGES,
    COMPOSE,
    "docs/how-to/helm-chart.md",
)
FILES = (*FOR_BOTH_LINES, QUICK_START, COMMANDS, "docs/how-to/project-image.md", "docs/how-to/astro-cli.md")
# A release, such as 3.3-1 or 13.0.0, or an Airflow, such as 3.3.2; no part of an address.
NAMED = re.compile(r"(?<![\d.])\d+\.\d+[.-]\d+(?!\.?\d)")
PYTHON = re.compile(r"(?<![\d.])3\.\d\d(?!\.?\d)")
DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
ROWS = {line: newest(line) for line in LINES}
DEFAULT, LTS = (ROWS[line]["release"] for line in LINES)
PYTHONS = {line: ROWS[line]["python_versions"] for line in LINES}
(OLDEST,) = re.findall(r">=\s*(3\.\d+)", metadata("astro-runtime")["Requires-Python"])


def text(name: str) -> str:
    return (CHECKOUT / name).read_text()


def listed(versions: list[str]) -> str:
    """Return versions as a sentence has them: `3.11 and 3.12`, `3.11 to 3.13`."""
    return f"{versions[0]} {'and' if len(versions) == 2 else 'to'} {versions[-1]}"


@pytest.mark.parametrize("name", FILES)
def test_no_release_and_no_airflow_is_named_but_the_newest(name: str) -> None:
    named = set(NAMED.findall(text(name)))
    assert named <= {DEFAULT, LTS, *(row["airflow"] for row in ROWS.values())}
    assert set(re.findall(r"Airflow (\d+\.\d+)", text(name))) <= set(LINES)


@pytest.mark.parametrize("name", FOR_BOTH_LINES)
def test_the_newest_release_of_each_line_is_named(name: str) -> None:
    assert {DEFAULT, LTS} <= set(NAMED.findall(text(name)))


@pytest.mark.parametrize("name", ["README.md", "compose.yaml", COMPOSE])
def test_each_is_named_where_its_line_is_meant(name: str) -> None:
    """An image's tag may go on with a variant, such as `-slim`."""
    tags = re.findall(r"astro-runtime:(?:\$\{RUNTIME:-)?(\d+\.[\d.]*\d(?:-\d+)?)", text(name))
    assert set(tags) == {DEFAULT}
    assert set(re.findall(r"RUNTIME=(\S+) WEB=webserver", text(name))) == {LTS}


def test_the_pythons_of_the_package_and_of_the_images_are_named() -> None:
    lines = (f"Airflow {line} (Python {OLDEST} to {PYTHONS[line][-1]})" for line in LINES)
    assert f"Two lines, from one code base: {' and '.join(lines)}." in text("README.md")
    images = (f"{listed(PYTHONS[line])} on the {line} line" for line in LINES)
    tag = f"{DEFAULT}-python-{PYTHONS[LINES[0]][-1]}"
    assert f"| `{tag}` | another Python: {', '.join(images)} |" in text(IMAGES)
    known = {OLDEST, *(python for line in LINES for python in PYTHONS[line])}
    assert {found for name in FILES for found in PYTHON.findall(text(name))} <= known


def test_the_end_of_maintenance_is_the_catalogues() -> None:
    known = releases()
    (release,) = (one for one in known if one.release == DEFAULT)
    end = lifecycle(release, known, date.today()).maintained_until
    assert f"\nrelease {DEFAULT} is maintained until {end}\n" in text(COMMANDS)
    assert {found for name in FILES for found in DATE.findall(text(name))} == {str(end)}


def test_the_changelog_dates_the_newest_releases_as_the_catalogue_does() -> None:
    dates = {row["release_date"] for row in ROWS.values()}
    (heading,) = re.findall(rf"^## {DEFAULT} and {LTS} - (\S+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert {heading} == dates
