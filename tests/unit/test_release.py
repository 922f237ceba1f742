from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin import release
from astro_runtime_plugin.catalogue import Release
from entrypoint.line import LINES, installed_airflow
from tests.lines import RELEASE


def test_the_installed_airflow_has_a_release_of_its_line() -> None:
    installed = installed_airflow()
    assert installed is not None
    assert release.release_of(installed) == RELEASE


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_a_release(line: str) -> None:
    assert release.release_of(f"{line}.0")


def test_the_newest_release_of_the_line_counts_whatever_the_order(mocker: MockerFixture) -> None:
    rows = [("3.3-9", "3.3.2"), ("3.3-10", "3.3.3"), ("3.3-2", "3.3.0"), ("13.0.0", "2.11.2")]
    found = [Release(release=one, airflow=two) for one, two in rows]
    mocker.patch.object(release, "releases", return_value=found)
    assert release.release_of("3.3.2") == "3.3-10"
    assert release.release_of("2.11.2") == "13.0.0"


def test_an_airflow_without_a_line_is_named() -> None:
    with pytest.raises(LookupError, match=r"cut from Airflow 3\.30\.1"):
        release.release_of("3.30.1")


def test_the_operators_image_tag_goes_before_the_one_that_the_image_was_built_with() -> None:
    built = {release.BUILT_AS: "orders:7"}
    assert release.image_tag("orders:7-hotfix", built) == "orders:7-hotfix"
    assert release.image_tag(None, built) == "orders:7"
    assert release.image_tag(None, {}) is None
