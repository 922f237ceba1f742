"""The example DAGs' link in the folder for DAGs: there where it is asked for, followed by Airflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.example_dags.register import FOLDER, LINK
from testing.entrypoint_process import environment

ASKED = "AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES"
LIST = """
from airflow import settings
from airflow.utils.file import list_py_file_paths
print("files:", *sorted(list_py_file_paths(settings.DAGS_FOLDER)), sep="|")
"""
OURS = [file.name for file in sorted(FOLDER.glob("astro_runtime_*.py"))]


def files(home: Path, cfg: str = "", **variables: str) -> tuple[list[str], str]:
    """Return the DAG files that Airflow finds, and what it logged."""
    (home / "airflow.cfg").write_text(cfg)
    environ = environment(home, {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", **variables})
    done = subprocess.run([sys.executable, "-c", LIST], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = next(line for line in done.stdout.splitlines() if line.startswith("files:"))
    return [Path(file).name for file in found.split("|")[1:]], done.stdout + done.stderr


@pytest.mark.parametrize("asked", [None, "False"])
def test_they_are_off_unless_asked_for(tmp_path: Path, asked: str | None) -> None:
    (tmp_path / "dags").mkdir()
    assert files(tmp_path, **({ASKED: asked} if asked else {}))[0] == []
    assert list((tmp_path / "dags").iterdir()) == []


def test_they_stand_beside_the_operators_dags_in_any_folder(tmp_path: Path) -> None:
    theirs = tmp_path / "100% theirs"
    theirs.mkdir()
    (theirs / "zoo.py").write_text("from airflow import DAG\n")
    cfg = f"[core]\ndags_folder = {theirs}\n[astro_runtime]\nload_examples = True\n".replace("%", "%%")
    for _ in range(2):
        assert files(tmp_path, cfg)[0] == [*OURS, "zoo.py"]


def test_a_link_of_an_environment_that_is_gone_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / LINK).symlink_to(tmp_path / "gone")
    assert files(tmp_path, **{ASKED: "True"})[0] == OURS


def test_a_file_of_the_operators_in_that_place_stays(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / LINK).write_text("theirs")
    assert files(tmp_path, **{ASKED: "True"})[0] == []
    assert (tmp_path / "dags" / LINK).read_text() == "theirs"


@pytest.mark.parametrize(
    "wrong", [{ASKED: "perhaps"}, {ASKED: "True", "AIRFLOW__CORE__DAGS_FOLDER": "/proc/dags"}]
)
def test_what_cannot_be_is_one_warning(tmp_path: Path, wrong: dict[str, str]) -> None:
    found, said = files(tmp_path, **wrong)
    assert found == []
    assert said.count("Airflow starts without the Runtime's example DAGs") == 1
