from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.releases import current, image_tag
from entrypoint.airflow_line import LINES, installed_airflow
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import RELEASE


def test_installed_airflow_has_a_release_of_its_line() -> None:
    installed = installed_airflow()
    assert installed is not None
    assert current.release_of(installed) == RELEASE


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_a_release(line: str) -> None:
    assert current.release_of(f"{line}.0")


def test_release_of_returns_the_newest_release_in_any_order(mocker: MockerFixture) -> None:
    rows = [("3.3-9", "3.3.2"), ("3.3-10", "3.3.3"), ("3.3-2", "3.3.0"), ("13.0.0", "2.11.2")]
    mocker.patch.object(
        current,
        "catalogue_rows",
        return_value=[{"release": release, "airflow": airflow} for release, airflow in rows],
    )
    assert current.release_of("3.3.2") == "3.3-10"
    assert current.release_of("2.11.2") == "13.0.0"


def test_release_of_rejects_an_airflow_without_a_line() -> None:
    with pytest.raises(LookupError, match=r"no Runtime release contains Airflow 3\.30\.1"):
        current.release_of("3.30.1")


@pytest.mark.parametrize("module", ["astro_runtime_plugin.releases.current", "dev.images", "dev.versions"])
def test_module_needs_only_the_standard_library(module: str) -> None:
    program = f"""
import {module}
from astro_runtime_plugin.releases.current import release_of
print(release_of('3.3.2'))
"""
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


def test_missing_catalogue_is_an_error_with_exit_code_78(catalogue: Path) -> None:
    message = r"^catalogue\.json cannot be read: No such file or directory$"
    with pytest.raises(current.CatalogueError, match=message) as error:
        current.release_of("3.3.2")
    assert error.value.code == 78


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\xff", "4"])
def test_catalogue_without_releases_is_a_single_line_error(catalogue: Path, text: str) -> None:
    catalogue.write_text(text, encoding="latin-1")
    with pytest.raises(current.CatalogueError, match=r"^catalogue\.json contains no list of releases: .+$"):
        current.release_of("3.3.2")


def test_configured_image_tag_wins_over_the_build_tag() -> None:
    environ = {image_tag.BUILD_TAG_VARIABLE: "orders:7"}
    assert image_tag.image_tag("orders:7-hotfix", environ) == "orders:7-hotfix"
    assert image_tag.image_tag(None, environ) == "orders:7"
    assert image_tag.image_tag(None, {}) is None
