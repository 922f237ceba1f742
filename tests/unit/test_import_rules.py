"""The import rules of the design: who may import whom, and what a start must not pay for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
ENTRYPOINT = sorted((CHECKOUT / "entrypoint").rglob("*.py"))
PLUGIN = sorted((CHECKOUT / "astro_runtime_plugin").rglob("*.py"))
# Below astro_runtime_plugin/: the adapters, and what reads Airflow's settings, database or metrics.
MAY_IMPORT_AIRFLOW = {
    "airflow_compat.py",
    "database/setup.py",
    "database/state.py",
    "inventory/heartbeat.py",
    "notices/service.py",
    "parallelism/activate.py",
    "parallelism/query.py",
    "plugin.py",
    "startup_hook.py",
    "updates/service.py",
    "web/airflow2.py",
    "web/airflow3.py",
    "web/airflow3_routes.py",
}
# Each of these costs a noticeable part of the few milliseconds that a start takes.
HEAVY = (
    "argparse configparser contextlib dataclasses enum functools importlib.metadata inspect json logging"
    " pathlib random re shlex signal socket subprocess tempfile traceback typing urllib"
).split()
START = """
import sys
sys.path.insert(0, {checkout!r})
from entrypoint.__main__ import main
main(["true"], {environ!r}, lambda *_: print(*sorted(sys.modules)))
"""


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of every module that the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module or ""


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", ENTRYPOINT, ids=shown)
def test_the_entrypoint_imports_only_itself_and_the_standard_library(path: Path) -> None:
    assert roots(path) - {"entrypoint"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", PLUGIN, ids=shown)
def test_only_the_adapters_import_airflow(path: Path) -> None:
    below = path.relative_to(CHECKOUT / "astro_runtime_plugin")
    allowed = str(below) in MAY_IMPORT_AIRFLOW or below.parts[:2] == ("example_dags", "dags")
    assert allowed or "airflow" not in roots(path)


def test_whoever_may_import_airflow_does() -> None:
    files = {name: CHECKOUT / "astro_runtime_plugin" / name for name in MAY_IMPORT_AIRFLOW}
    assert [name for name, path in files.items() if "airflow" not in roots(path)] == []


@pytest.mark.parametrize("path", [*ENTRYPOINT, *PLUGIN], ids=shown)
def test_nothing_imports_what_is_not_shipped(path: Path) -> None:
    assert not roots(path) & {"tests", "dev", "bench"}


def test_the_rules_are_held_against_files_that_are_there() -> None:
    assert {"__main__.py", "defaults.py", "resolve.py", "build_environment.py"} <= {
        path.name for path in ENTRYPOINT
    }
    assert {"plugin.py", "startup_hook.py", "footer.py"} <= {path.name for path in PLUGIN}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {
            "AIRFLOW__CORE__PARALLELISM": " 8 ",
            "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "60",
        },
        {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"},
    ],
    ids=["defaults", "overrides", "celery"],
)
def test_a_start_imports_nothing_heavy(tmp_path: Path, extra: dict[str, str]) -> None:
    (tmp_path / "airflow.cfg").write_text(
        "[core]\n# why\nexecutor = LocalExecutor\n\n[scheduler]\nx = 1\n  2\n"
    )
    environ = {"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **extra}
    words = [sys.executable, "-I", "-S", "-c", START.format(checkout=str(CHECKOUT), environ=environ)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "entrypoint.resolve" in modules
    assert set(modules) & {*HEAVY, "airflow", "astro_runtime_plugin"} == set()
