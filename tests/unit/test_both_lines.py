"""With both lines under test, the tests of code that knows no Airflow run once; alone, a line runs all.

Those that need a Kubernetes API server run by themselves, with either line. The gate runs slow tests on one line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from astro_runtime_plugin.fixes.registry import FIXES, load_fix
from entrypoint.airflow_line import LINES
from testing.entrypoint_process import CHECKOUT
from tests.unit.test_import_rules import imported_names

PACKAGES = {"astro_runtime_plugin", "bench", "dev", "entrypoint", "image", "testing", "tests"}
TOOLS = {"hypothesis", "pytest"}  # their versions may differ
OTHER_FOLDER = {"3.3": "airflow2", "2.11": "airflow3"}  # of the tests of the other line alone


def dry_run(*words: str) -> str:
    """Return what a make with these words would run."""
    environ = {"PATH": os.environ["PATH"]}  # without the variables of the make that runs the tests
    command = ["make", "--dry-run", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=True
    ).stdout


def kubernetes_files(line: str) -> set[str]:
    """Return the files that `make test-kubernetes` runs with a line."""
    command = re.search(r"-m pytest (.*)", dry_run("test-kubernetes", f"LINE={line}"))
    assert command
    return {*re.findall(r"tests/[\w/.]+", command[1])}


def left_out(*words: str) -> dict[str, set[str]]:
    """Return, by line, the files that `make test` leaves out, but for those of `make test-kubernetes`."""
    runs = re.findall(r"pytest LINE=(\S+)(.*)", dry_run("test", *words))
    ignored = {line: {*re.findall(r"--ignore=([\w/.]+)", options)} for line, options in runs}
    return {line: files - kubernetes_files("2.11") for line, files in ignored.items()}


def modules(name: str) -> Iterator[Path]:
    """Yield the files that an import of a name executes."""
    path = CHECKOUT
    for part in name.split("."):
        path /= part
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.exists())


def imports(file: Path) -> tuple[set[Path], set[str]]:
    """Return the files of the checkout and the other packages that a file of tests imports, directly or not."""
    files, packages, remaining = set[Path](), set[str](), [file, *file.parent.glob("conftest.py")]
    while remaining:
        files.add(current := remaining.pop())
        for name in imported_names(current.read_text()):
            if (package := name.partition(".")[0]) in PACKAGES:
                remaining += {*modules(name)} - files
            else:
                packages.add(package)
    return files, packages - sys.stdlib_module_names


def pins(line: str, package: str) -> list[str]:
    return re.findall(rf"^{package}==\S+", (CHECKOUT / f"locks/{line}.txt").read_text(), re.MULTILINE)


def test_one_of_both_lines_leaves_out_files_that_depend_on_none() -> None:
    first, second = left_out().values()
    assert (first, len(second) > 5) == (set(), True)
    for name in second:
        files, packages = imports(CHECKOUT / name)
        assert CHECKOUT / "testing/installed_line.py" not in files, name
        for package in packages - TOOLS:
            assert package != "airflow", name
            assert len({tuple(pins(line, package)) for line in LINES}) == 1, (name, package)


def test_line_alone_leaves_out_nothing() -> None:
    for line in LINES:
        assert left_out(f"LINE={line}") == {line: set()}


def test_named_files_run_on_both_lines() -> None:
    assert left_out("ARGS=tests/unit/image") == {line: set() for line in LINES}


def test_kubernetes_tests_are_left_to_their_own_target() -> None:
    assert kubernetes_files("2.11") - kubernetes_files("3.3") == {
        "tests/integration/fixes/test_killed_pods.py"
    }
    assert kubernetes_files("3.3") < kubernetes_files("2.11")
    for _, options in re.findall(r"pytest LINE=(\S+)(.*)", dry_run("test")):
        assert {*re.findall(r"--ignore=([\w/.]+)", options)} >= kubernetes_files("2.11")


def test_builds_of_a_project_run_on_one_of_both_lines() -> None:
    def left_out_of_image_tests(*words: str) -> list[set[str]]:
        runs = re.findall(r"pytest tests/image (.*)", dry_run("test-image", *words))
        return [{*re.findall(r"--ignore=([\w/.]+)", options)} for options in runs]

    first, second = left_out_of_image_tests()
    assert first - second == {
        "tests/image/test_project_errors.py",
        "tests/image/test_project_secrets.py",
    }
    assert left_out_of_image_tests("LINE=3.3") == [second]


def gate_lists() -> dict[str, str]:
    """Return, by line, what `.ci/run` leaves out, in the words in which it tells make."""
    return {line: (CHECKOUT / f".ci/not-on-{line}").read_text() for line in LINES}


def gate_files() -> dict[str, set[str]]:
    """Return, by line, the files of tests that the gate runs."""
    lists = [f"NOT_ON_{line}={names}" for line, names in gate_lists().items()]
    files: dict[str, set[str]] = {line: set() for line in LINES}
    for command in dry_run("test", "test-image", "test-kubernetes", *lists).splitlines():
        if found := re.search(r"(?:pytest LINE=|RUNTIME_LINES=)(\S+)", command):
            files[found[1]] |= command_files(command)
    for line in LINES:
        files[line] |= {
            name for name in kubernetes_files("2.11") if name not in gate_lists()[line] and exists(name, line)
        }
    return files


def command_files(command: str) -> set[str]:
    """Return the files that a pytest command runs: those that it names, or all that it does not ignore."""
    ignored = {*re.findall(r"--ignore=([\w/.]+)", command)}
    names = {*re.findall(r" (tests/[\w/.]+)", command)}
    folder = "tests/image" if "tests/image" in names else "tests"
    files = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / folder).rglob("test_*.py")}
    if folder == "tests":
        files = {name for name in names or files if not name.startswith("tests/image/") or name in names}
    return {name for name in files if not ignored & {name, *map(str, Path(name).parents)}}


def exists(name: str, line: str) -> bool:
    """Return whether a file has tests for a line."""
    fix = Path(name).stem.removeprefix("test_")
    if name.startswith("tests/integration/fixes/") and fix in FIXES:
        return line in load_fix(fix).lines
    return f"/{OTHER_FOLDER[line]}/" not in name


def test_gate_runs_every_file_on_a_line() -> None:
    run = gate_files()
    for path in (CHECKOUT / "tests").rglob("test_*.py"):
        name = str(path.relative_to(CHECKOUT))
        counterpart = name.replace("/airflow2/", "/airflow3/")
        assert any(name in run[line] and exists(name, line) for line in LINES) or counterpart in run["3.3"], (
            name
        )


def test_gate_leaves_out_what_is_there() -> None:
    run = gate_files()
    for line, names in gate_lists().items():
        for name in names.split():
            assert (CHECKOUT / name).exists(), name
            assert not [file for file in run[line] if Path(file).is_relative_to(name)], name
