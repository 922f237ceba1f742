from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from astro_runtime_plugin.releases.current import release_of
from dev.versions import CHECKOUT, debian_codename, newest, render_dockerfile, render_files
from entrypoint.airflow_line import LINES

PROJECT = metadata("astro-runtime")  # pyproject.toml as `make install` has read it


@pytest.mark.parametrize("path", render_files(), ids=lambda path: path.name)
def test_what_cannot_read_the_catalogue_holds_what_it_says(path: Path) -> None:
    assert path.read_text() == render_files()[path], "run: make versions"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("variant", ["", "-slim", "-full"])
def test_every_lock_is_for_the_catalogues_airflow(line: str, variant: str) -> None:
    lock = (CHECKOUT / "locks" / f"{line}{variant}.txt").read_text()
    assert f"\napache-airflow=={newest(line)['airflow']} \\\n" in lock


@pytest.mark.parametrize("line", LINES)
def test_what_is_built_is_the_newest_release_of_the_line(line: str) -> None:
    assert newest(line)["release"] == release_of(f"{line}.0")


@pytest.mark.parametrize("line", LINES)
def test_every_image_has_one_debian(line: str) -> None:
    row = newest(line)
    used = {debian_codename(row, python) for python in row["python_versions"]}
    assert used == {os["codename"] for os in row["os"]}


@pytest.mark.parametrize("line", LINES)
def test_the_images_are_built_for_the_catalogues_architectures(line: str) -> None:
    platforms = re.findall(r'"linux/(\w+)"', (CHECKOUT / "docker-bake.hcl").read_text())
    assert platforms == newest(line)["architectures"]


def test_the_package_installs_beside_the_catalogues_airflows_and_no_others() -> None:
    wanted = map(Requirement, PROJECT.get_all("Requires-Dist", []))
    (airflow,) = (one.specifier for one in wanted if one.name == "apache-airflow" and not one.marker)
    alive = {line: newest(line)["airflow"] for line in LINES}
    assert all(airflow.contains(version) for version in alive.values())
    minors = [f"2.{minor}" for minor in range(12)] + [
        f"3.{minor}" for minor in range(20)
    ]  # 2.11 is the last of 2
    named = {minor for minor in minors if airflow.contains(f"{minor}.99")}
    assert named == set(LINES)


def test_the_package_takes_every_python_that_the_catalogue_has_and_none_newer() -> None:
    pythons = {python for line in LINES for python in newest(line)["python_versions"]}
    takes = [
        f"3.{minor}" for minor in range(30) if f"3.{minor}.5" in SpecifierSet(PROJECT["Requires-Python"])
    ]
    prefix = "Programming Language :: Python :: 3."
    assert [
        text.split(" :: ")[-1] for text in PROJECT.get_all("Classifier", []) if text.startswith(prefix)
    ] == takes
    assert pythons <= set(takes)
    assert takes[-1] == max(pythons, key=lambda python: int(python.split(".")[1]))


def test_a_dockerfile_without_an_argument_is_not_render_files() -> None:
    with pytest.raises(LookupError, match="ARG RELEASE"):
        render_dockerfile("FROM python\n")
