"""Releases, versions and dates in the documentation are those of the catalogue's newest releases."""

from __future__ import annotations

import re
from datetime import date
from importlib.metadata import metadata

import pytest

from astro_runtime_plugin.releases.catalogue import releases
from astro_runtime_plugin.releases.lifecycle import compute_lifecycle
from dev.versions import newest
from entrypoint.airflow_line import LINES
from testing.entrypoint_process import CHECKOUT

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
# A release, such as 3.3-1 or 13.0.0, or an Airflow version, such as 3.3.2, but not part of an IP address.
VERSION = re.compile(r"(?<![\d.])\d+\.\d+[.-]\d+(?!\.?\d)")
PYTHON = re.compile(r"(?<![\d.])3\.\d\d(?!\.?\d)")
DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
ROWS = {line: newest(line) for line in LINES}
DEFAULT, LTS = (ROWS[line]["release"] for line in LINES)
PYTHONS = {line: ROWS[line]["python_versions"] for line in LINES}
(OLDEST,) = re.findall(r">=\s*(3\.\d+)", metadata("astro-runtime")["Requires-Python"])


def text(name: str) -> str:
    return (CHECKOUT / name).read_text()


def enumerate_versions(versions: list[str]) -> str:
    """Return versions as written in a sentence: `3.11 and 3.12`, `3.11 to 3.13`."""
    return f"{versions[0]} {'and' if len(versions) == 2 else 'to'} {versions[-1]}"


@pytest.mark.parametrize("name", FILES)
def test_only_the_newest_versions_are_mentioned(name: str) -> None:
    versions = set(VERSION.findall(text(name)))
    assert versions <= {DEFAULT, LTS, *(row["airflow"] for row in ROWS.values())}
    assert set(re.findall(r"Airflow (\d+\.\d+)", text(name))) <= set(LINES)


@pytest.mark.parametrize("name", FOR_BOTH_LINES)
def test_newest_release_of_each_line_is_mentioned(name: str) -> None:
    assert {DEFAULT, LTS} <= set(VERSION.findall(text(name)))


@pytest.mark.parametrize("name", ["README.md", "compose.yaml", COMPOSE])
def test_image_tags_belong_to_their_line(name: str) -> None:
    """A variant, such as `-slim`, may follow the release in a tag."""
    tags = re.findall(r"astro-runtime:(?:\$\{RUNTIME:-)?(\d+\.[\d.]*\d(?:-\d+)?)", text(name))
    assert set(tags) == {DEFAULT}
    assert set(re.findall(r"RUNTIME=(\S+) WEB=webserver", text(name))) == {LTS}


def test_python_versions_match_the_catalogue() -> None:
    lines = (f"Airflow {line} (Python {OLDEST} to {PYTHONS[line][-1]})" for line in LINES)
    sentence = f'It supports two Airflow versions ("lines") from one code base: {" and ".join(lines)}.'
    assert sentence in " ".join(text("README.md").split())
    images = (f"{enumerate_versions(PYTHONS[line])} on the {line} line" for line in LINES)
    tag = f"{DEFAULT}-python-{PYTHONS[LINES[0]][-1]}"
    assert f"| `{tag}` | another Python: {', '.join(images)} |" in text(IMAGES)
    supported = {OLDEST, *(python for line in LINES for python in PYTHONS[line])}
    assert {python for name in FILES for python in PYTHON.findall(text(name))} <= supported


def test_end_of_maintenance_matches_the_catalogue() -> None:
    catalogue = releases()
    (release,) = (entry for entry in catalogue if entry.release == DEFAULT)
    end = compute_lifecycle(release, catalogue, date.today()).maintained_until
    assert f"\nrelease {DEFAULT} is maintained until {end}\n" in text(COMMANDS)
    assert {day for name in FILES for day in DATE.findall(text(name))} == {str(end)}


def test_changelog_dates_match_the_catalogue() -> None:
    headings = re.findall(r"^## \[(\S+)\] - (\S+)$", text("CHANGELOG.md"), re.MULTILINE)
    newest_releases = {(row["release"], row["release_date"]) for row in ROWS.values()}
    assert newest_releases <= set(headings)
