"""Detection of the installed Airflow and its line."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from entrypoint.airflow_line import LINES, installed_airflow, line_of
from entrypoint.errors import CONFIG, StartError


def test_installed_airflow_matches_package_metadata() -> None:
    assert installed_airflow() == version("apache-airflow")


@pytest.mark.parametrize(
    ("folders", "release"),
    [
        (["apache_airflow-3.3.2.dist-info"], "3.3.2"),
        (["apache_airflow_core-3.3.2.dist-info"], "3.3.2"),
        (["apache_airflow-2.11.2+local.1.dist-info"], "2.11.2+local.1"),
        (
            [
                "apache_airflow_providers_celery-3.26.0.dist-info",
                "airflow",
                "apache_airflow_task_sdk-1.3.2.dist-info",
            ],
            None,
        ),
        (["apache_airflow_ctl-0.1.5.dist-info", "apache_airflow-3.3.0b1.dist-info"], "3.3.0b1"),
        ([], None),
    ],
)
def test_installed_airflow_reads_dist_info_name(
    tmp_path: Path, folders: list[str], release: str | None
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    assert installed_airflow([str(tmp_path / "missing"), str(tmp_path)]) == release


def test_installed_airflow_first_folder_wins(tmp_path: Path) -> None:
    for folder, name in (("a", "apache_airflow-3.3.2.dist-info"), ("b", "apache_airflow-2.11.2.dist-info")):
        (tmp_path / folder / name).mkdir(parents=True)
    assert installed_airflow([str(tmp_path / "a"), str(tmp_path / "b")]) == "3.3.2"


@pytest.mark.parametrize("installed", ["3.3.2", "3.3.0rc1", "3.3.9+local.2"])
def test_line_of_ignores_patch_and_suffix(installed: str) -> None:
    assert line_of(installed) == "3.3"


def test_line_of_no_airflow_is_default_line() -> None:
    assert line_of(None) == LINES[0] == "3.3"


@pytest.mark.parametrize("installed", ["3.2.1", "3.30.0", "2.1.1", "1.10.15", "4.0.0"])
def test_line_of_rejects_unsupported_airflow(installed: str) -> None:
    with pytest.raises(StartError) as error:
        line_of(installed)
    assert error.value.code == CONFIG
    assert str(error.value).startswith(f"Airflow {installed} is installed; this Runtime is for Airflow 3.3")
