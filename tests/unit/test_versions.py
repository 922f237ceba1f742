from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.release import rows
from dev.versions import CHECKOUT, DEBIAN, dockerfile, newest, written
from entrypoint.line import LINES


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_what_cannot_read_the_catalogue_holds_what_it_says(path: Path) -> None:
    assert path.read_text() == written()[path], "run: make versions"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("variant", ["", "-slim", "-full"])
def test_every_lock_is_for_the_catalogues_airflow(line: str, variant: str) -> None:
    lock = (CHECKOUT / "locks" / f"{line}{variant}.txt").read_text()
    assert f"\napache-airflow=={newest(line)['airflow']} \\\n" in lock


def test_every_release_has_its_default_python_among_its_pythons() -> None:
    assert all(row["defaultPythonVersion"] in row["pythonVersions"] for row in rows())
    assert set(DEBIAN) <= {python for row in rows() for python in row["pythonVersions"]}


def test_a_dockerfile_without_an_argument_is_not_written() -> None:
    with pytest.raises(LookupError, match="ARG RELEASE"):
        dockerfile("FROM python\n")
