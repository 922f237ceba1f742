from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from astro_runtime_plugin.releases.current import release_of
from dev.versions import debian_codename, newest, render_dockerfile, render_files
from entrypoint.airflow_line import LINES
from testing.entrypoint_process import CHECKOUT

PROJECT = metadata("astro-runtime")  # from pyproject.toml, as of `make install`


@pytest.mark.parametrize("path", render_files(), ids=lambda path: path.name)
def test_generated_versions_match_the_catalogue(path: Path) -> None:
    assert path.read_text() == render_files()[path], "run: make versions"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("variant", ["", "-slim", "-full"])
def test_locks_pin_the_catalogues_airflow(line: str, variant: str) -> None:
    lock = (CHECKOUT / "locks" / f"{line}{variant}.txt").read_text()
    assert f"\napache-airflow=={newest(line)['airflow']} \\\n" in lock


@pytest.mark.parametrize("line", LINES)
def test_newest_release_of_the_line_is_built(line: str) -> None:
    assert newest(line)["release"] == release_of(f"{line}.0")


@pytest.mark.parametrize("line", LINES)
def test_images_use_the_catalogues_debian_releases(line: str) -> None:
    row = newest(line)
    used = {debian_codename(row, python) for python in row["python_versions"]}
    assert used == {os["codename"] for os in row["os"]}


@pytest.mark.parametrize("line", LINES)
def test_images_are_built_for_the_catalogues_architectures(line: str) -> None:
    platforms = re.findall(r'"linux/(\w+)"', (CHECKOUT / "docker-bake.hcl").read_text())
    assert platforms == newest(line)["architectures"]


def test_package_accepts_exactly_the_catalogues_airflow_versions() -> None:
    requirements = map(Requirement, PROJECT.get_all("Requires-Dist", []))
    (airflow,) = (
        requirement.specifier
        for requirement in requirements
        if requirement.name == "apache-airflow" and not requirement.marker
    )
    versions = {line: newest(line)["airflow"] for line in LINES}
    assert all(airflow.contains(version) for version in versions.values())
    minors = [f"2.{minor}" for minor in range(12)] + [
        f"3.{minor}" for minor in range(20)
    ]  # 2.11 is the last of 2
    accepted = {minor for minor in minors if airflow.contains(f"{minor}.99")}
    assert accepted == set(LINES)


def test_package_accepts_the_catalogues_pythons_and_none_newer() -> None:
    pythons = {python for line in LINES for python in newest(line)["python_versions"]}
    accepted = [
        f"3.{minor}" for minor in range(30) if f"3.{minor}.5" in SpecifierSet(PROJECT["Requires-Python"])
    ]
    prefix = "Programming Language :: Python :: 3."
    assert [
        text.split(" :: ")[-1] for text in PROJECT.get_all("Classifier", []) if text.startswith(prefix)
    ] == accepted
    assert pythons <= set(accepted)
    assert accepted[-1] == max(pythons, key=lambda python: int(python.split(".")[1]))


def test_dockerfile_without_a_version_argument_is_rejected() -> None:
    with pytest.raises(LookupError, match="ARG RELEASE"):
        render_dockerfile("FROM python\n")
