"""A child process imports nothing from its working folder, with real children in a project that shadows everything."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from entrypoint.child_command import child_command, child_path
from testing.entrypoint_process import CHECKOUT

PROBE = """
import json, sys

def main(*words):
    sys.path.insert(0, ".")  # as the FAB provider's migration does
    sys.path.insert(0, "")
    import email, sqlalchemy
    try:
        import only_in_the_project as module
    except ImportError:
        module = None
    files = [email.__file__, sqlalchemy.__file__, getattr(module, "__file__", None)]
    print(json.dumps({"words": words, "files": files}))
    return 7
"""
PARENT = """
import subprocess, sys, os
sys.path[:0] = [{checkout!r}]
from entrypoint.child_command import child_command
sys.path[:0] = {front!r}
sys.exit(subprocess.run(child_command("probe", "a", "b c", environ=os.environ)).returncode)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a folder with a module of each name that could be imported; the installed ones stop the child."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in {*sys.stdlib_module_names, *packages_distributions(), "entrypoint", "astro_runtime_plugin"}:
        if name.isidentifier():
            (folder / f"{name}.py").write_text("raise SystemExit('from the project')\n")
    (folder / "only_in_the_project.py").touch()
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "probe.py").write_text(PROBE)
    return folder


def run_child(
    project: Path, *options: str, front: tuple[str, ...] = (), pythonpath: str = ""
) -> list[str | None]:
    """Run a parent in the project that starts the probe; return the files of the modules that the probe imports."""
    code = PARENT.format(front=front, checkout=str(CHECKOUT))
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=project,
        env={"PYTHONPATH": f"{project.parent}/modules:{pythonpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (7, "")
    answer = json.loads(done.stdout)
    assert answer["words"] == ["a", "b c"]
    return list(answer["files"])


@pytest.mark.parametrize("front", [(), ("",), (".",)], ids=str)
def test_child_of_isolated_parent_imports_nothing_from_its_working_folder(
    project: Path, front: tuple[str, ...]
) -> None:
    files = run_child(project, "-I", front=front)
    assert not [file for file in files if file and str(project) in file]
    assert files[2] is None


def test_folder_on_pythonpath_counts_as_it_does_for_airflow(project: Path) -> None:
    for path in project.iterdir():
        if path.stem != "only_in_the_project":
            path.unlink()
    assert run_child(project, "-I", pythonpath=str(project))[2] == str(project / "only_in_the_project.py")


def test_path_has_pythonpath_first_and_no_relative_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), "", ".", "lib", "/a", "/b"])
    assert child_path({"PYTHONPATH": ":/x::/b:"}) == ["/x", "/a", "/b"]
    monkeypatch.setattr(sys, "path", ["/bin", str(tmp_path), "/a"])  # put there by an installation
    assert child_path({}) == ["/bin", str(tmp_path), "/a"]
    monkeypatch.setattr(sys, "path", [str(tmp_path), "/a"])  # put there by `python -m`
    assert child_path({}) == ["/a"]
    assert child_path({"PYTHONPATH": str(tmp_path)}) == [str(tmp_path), "/a"]


def test_working_folder_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert child_command("json", environ={})[-1] == sys.path[-1]
