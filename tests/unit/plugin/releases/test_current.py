from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.releases import current
from entrypoint.airflow_line import LINES, installed_airflow
from testing.installed_line import RELEASE

CHECKOUT = Path(__file__).parents[4]


def test_the_installed_airflow_has_a_release_of_its_line() -> None:
    installed = installed_airflow()
    assert installed is not None
    assert current.release_of(installed) == RELEASE


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_a_release(line: str) -> None:
    assert current.release_of(f"{line}.0")


def test_the_newest_release_of_the_line_counts_whatever_the_order(mocker: MockerFixture) -> None:
    rows = [("3.3-9", "3.3.2"), ("3.3-10", "3.3.3"), ("3.3-2", "3.3.0"), ("13.0.0", "2.11.2")]
    mocker.patch.object(
        current, "catalogue_rows", return_value=[{"release": one, "airflow": two} for one, two in rows]
    )
    assert current.release_of("3.3.2") == "3.3-10"
    assert current.release_of("2.11.2") == "13.0.0"


def test_an_airflow_without_a_line_is_named() -> None:
    with pytest.raises(LookupError, match=r"cut from Airflow 3\.30\.1"):
        current.release_of("3.30.1")


@pytest.mark.parametrize("module", ["astro_runtime_plugin.releases.current", "dev.images", "dev.versions"])
def test_the_standard_library_is_enough(module: str) -> None:
    program = f"import {module}; from astro_runtime_plugin.releases.current import release_of; print(release_of('3.3.2'))"
    words = [sys.executable, "-S", "-c", program]  # without site-packages
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{current.release_of('3.3.2')}\n", "")


@pytest.fixture
def catalogue(tmp_path: Path, mocker: MockerFixture) -> Iterator[Path]:
    path = tmp_path / "catalogue.json"
    mocker.patch.object(current, "CATALOGUE", path)
    for cached in (current.catalogue_text, current.catalogue_rows):
        cached.cache_clear()
    yield path
    for cached in (current.catalogue_text, current.catalogue_rows):
        cached.cache_clear()


def test_a_catalogue_that_is_not_there_is_named(catalogue: Path) -> None:
    told = r"^catalogue\.json cannot be read: No such file or directory$"
    with pytest.raises(current.CatalogueError, match=told) as error:
        current.release_of("3.3.2")
    assert error.value.code == 78


@pytest.mark.parametrize("held", ["", "{", "[]", "{}", "\xff", "4"])
def test_a_catalogue_without_releases_says_so_in_one_line(catalogue: Path, held: str) -> None:
    catalogue.write_text(held, encoding="latin-1")
    with pytest.raises(current.CatalogueError, match=r"^catalogue\.json holds no list of releases: .+$"):
        current.release_of("3.3.2")


def test_the_operators_image_tag_goes_before_the_one_that_the_image_was_built_with() -> None:
    built = {current.BUILD_TAG_VARIABLE: "orders:7"}
    assert current.image_tag("orders:7-hotfix", built) == "orders:7-hotfix"
    assert current.image_tag(None, built) == "orders:7"
    assert current.image_tag(None, {}) is None
