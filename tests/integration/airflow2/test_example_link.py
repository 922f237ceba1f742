"""The link to the example DAGs in the DAGs folder: it exists if it is turned on, and Airflow follows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.example_dags.register import FOLDER, LINK
from testing.entrypoint_process import environment

LOAD_EXAMPLES = "AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES"
LIST_FILES = """
from airflow import settings
from airflow.utils.file import list_py_file_paths
print("files:", *sorted(list_py_file_paths(settings.DAGS_FOLDER)), sep="|")
"""
EXAMPLES = [file.name for file in sorted(FOLDER.glob("astro_runtime_*.py"))]


def list_dag_files(home: Path, cfg: str = "", **variables: str) -> tuple[list[str], str]:
    """Return the names of the DAG files that Airflow finds, and its output."""
    (home / "airflow.cfg").write_text(cfg)
    environ = environment(home, {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", **variables})
    process = subprocess.run([sys.executable, "-c", LIST_FILES], env=environ, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    line = next(line for line in process.stdout.splitlines() if line.startswith("files:"))
    return [Path(file).name for file in line.split("|")[1:]], process.stdout + process.stderr


@pytest.mark.parametrize("variables", [{}, {LOAD_EXAMPLES: "False"}])
def test_examples_are_off_by_default(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "dags").mkdir()
    assert list_dag_files(tmp_path, **variables)[0] == []
    assert list((tmp_path / "dags").iterdir()) == []


def test_examples_are_added_to_the_operators_dags_in_any_folder(tmp_path: Path) -> None:
    folder = tmp_path / "100% theirs"
    folder.mkdir()
    (folder / "zoo.py").write_text("from airflow import DAG\n")
    cfg = f"[core]\ndags_folder = {folder}\n[astro_runtime]\nload_examples = True\n".replace("%", "%%")
    for _ in range(2):
        assert list_dag_files(tmp_path, cfg)[0] == [*EXAMPLES, "zoo.py"]


def test_link_to_a_missing_environment_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / LINK).symlink_to(tmp_path / "missing")
    assert list_dag_files(tmp_path, **{LOAD_EXAMPLES: "True"})[0] == EXAMPLES


def test_operators_file_with_the_name_of_the_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / LINK).write_text("theirs")
    assert list_dag_files(tmp_path, **{LOAD_EXAMPLES: "True"})[0] == []
    assert (tmp_path / "dags" / LINK).read_text() == "theirs"


@pytest.mark.parametrize(
    "variables",
    [{LOAD_EXAMPLES: "perhaps"}, {LOAD_EXAMPLES: "True", "AIRFLOW__CORE__DAGS_FOLDER": "/proc/dags"}],
)
def test_unusable_setting_is_one_warning(tmp_path: Path, variables: dict[str, str]) -> None:
    files, output = list_dag_files(tmp_path, **variables)
    assert files == []
    assert output.count("Airflow starts without the Runtime's example DAGs") == 1
