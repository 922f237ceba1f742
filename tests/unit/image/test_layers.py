"""An environment's files are trimmed, and sorted into layers that are the same in every build."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from image.build.bytecode import compile_all
from image.build.duplicates import SMALLEST
from image.build.elf import segments, strip
from image.build.layers import TIME, sort
from image.build.records import site_packages
from image.build.trim import trim


def install(environment: Path, name: str, files: dict[str, str]) -> Path:
    """Install a distribution as uv does and return the folder of the packages."""
    packages = environment / "lib" / "python3.12" / "site-packages"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    for path, text in {**files, f"{info}/RECORD": "", f"{info}/METADATA": f"Name: {name}\n"}.items():
        (packages / path).parent.mkdir(parents=True, exist_ok=True)
        (packages / path).write_text(text)
    lines = [f"{path},sha256=x,1" for path in (*files, f"{info}/METADATA")]
    (packages / info / "RECORD").write_text("\n".join([*lines, f"{info}/RECORD,,"]) + "\n")
    return packages


def test_each_file_is_in_the_layer_of_its_distribution_at_one_time(tmp_path: Path) -> None:
    environment, target = tmp_path / "environment", tmp_path / "layers"
    install(environment, "apache-airflow-core", {"airflow/__init__.py": ""})
    install(environment, "apache-airflow-providers-http", {"airflow/providers/http/__init__.py": ""})
    install(environment, "other", {"other/__init__.py": "", "../../../bin/other": ""})
    (environment / "lib64").symlink_to("lib")
    compile_all(environment / "lib")
    sort(environment, target, {"airflow", "providers", "wheels"})
    layers = {
        str(path.relative_to(target / layer / environment.relative_to("/"))): layer
        for layer in ("airflow", "providers", "wheels")
        for path in (target / layer).rglob("*")
        if path.is_file() and ".dist-info" not in str(path)
    }
    modules = {
        path.replace("lib/python3.12/site-packages/", ""): layer
        for path, layer in layers.items()
        if path.endswith(".py")
    }
    assert modules == {
        "airflow/__init__.py": "airflow",
        "airflow/providers/http/__init__.py": "providers",
        "other/__init__.py": "wheels",
    }
    assert layers["bin/other"] == "wheels"
    assert sum(path.endswith(".pyc") for path in layers) == len(modules)
    entries = [path for path in target.rglob("*") if environment.name in path.parts]
    assert {path.lstat().st_mtime for path in entries} == {TIME}


def test_trim_removes_tests_links_equal_files_and_keeps_records_right(tmp_path: Path) -> None:
    data = "x" * SMALLEST
    files = {"pandas/tests/test_it.py": "", "pandas/__init__.py": "", "pandas/a": data, "pandas/b": data}
    packages = install(tmp_path, "pandas", files)
    assert trim(tmp_path)["files that are the same"] == SMALLEST
    assert (packages / "pandas/a").samefile(packages / "pandas/b")
    assert not (packages / "pandas/tests").exists()
    recorded = PathDistribution(packages / "pandas-1.0.dist-info").files or []
    names = {str(file) for file in recorded if "dist-info" not in str(file)}
    assert names == {"pandas/__init__.py", "pandas/a", "pandas/b"}
    assert site_packages(tmp_path) == packages


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A compiled module of this environment."""
    module = import_module("greenlet._greenlet")
    return Path(shutil.copy(str(module.__file__), tmp_path))


def test_strip_keeps_what_is_loaded(library: Path) -> None:
    before = library.read_bytes()
    assert strip(library) > 0
    assert library.stat().st_size < len(before)
    assert segments(library.read_bytes()) == segments(before)
    assert strip(library) == 0


def test_strip_leaves_a_file_whose_loaded_content_would_change(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = library.read_bytes()

    def corrupt(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        Path(command[3]).write_bytes(before[:0x1000] + bytes(0x100) + before[0x1100:-1])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", corrupt)
    assert strip(library) == 0
    assert library.read_bytes() == before
