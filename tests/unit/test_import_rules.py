"""Import rules: which package and which area may import which, and what a start must not import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT

PLUGIN_FOLDER = CHECKOUT / "astro_runtime_plugin"
ENTRYPOINT = sorted((CHECKOUT / "entrypoint").rglob("*.py"))
PLUGIN = sorted(PLUGIN_FOLDER.rglob("*.py"))
SHIPPED = {"astro_runtime_plugin", "entrypoint"}
# The packages of the checkout that are not shipped, and which packages of the checkout each may import.
MAY_IMPORT = {
    "bench": {*SHIPPED, "bench", "dev", "testing"},
    "dev": {*SHIPPED, "dev"},
    "image": {*SHIPPED, "image"},
    "testing": {*SHIPPED, "dev", "testing"},
}
NOT_SHIPPED = {*MAY_IMPORT, "tests"}
OTHERS = sorted(path for package in MAY_IMPORT for path in (CHECKOUT / package).rglob("*.py"))
# The areas of astro_runtime_plugin/, folders and single modules. Each may import only areas above it in this list,
# also for type checking, so that there is no circle.
AREAS = (
    "__init__",
    "airflow_compat",
    "background",
    "celery_client",
    "child_process",
    "component",
    "options",
    "example_dags",
    "database",
    "health",
    "drain",
    "releases",
    "updates",
    "parallelism",
    "inventory",
    "cluster",
    "task_logs",
    "identity",
    "fixes",
    "cli",
    "notices",
    "web",
    "listeners",
    "plugin",
    "startup_hook",
)
IDENTITY_AIRFLOW2 = (
    "addresses answers api_backend auth_manager pages permissions security_manager user user_rows".split()
)
IDENTITY_AIRFLOW3 = "address auth_manager dag_access login logout middleware routes tokens user".split()
# Below astro_runtime_plugin/, beside the fixes: the adapters, and what reads Airflow's settings, database or metrics.
MAY_IMPORT_AIRFLOW = {
    "airflow_compat.py",
    "cluster/readings.py",
    "database/setup.py",
    "database/state.py",
    "database/transaction.py",
    *(f"identity/airflow2/{name}.py" for name in IDENTITY_AIRFLOW2),
    *(f"identity/airflow3/{name}.py" for name in IDENTITY_AIRFLOW3),
    "identity/checks/command_settings.py",
    "identity/sessions/airflow_parts.py",
    "inventory/current_image.py",
    "inventory/recorder.py",
    "notices/service.py",
    "parallelism/activate.py",
    "parallelism/query.py",
    "plugin.py",
    "startup_hook.py",
    "task_logs/airflow2/logging_config.py",
    "task_logs/airflow2/handler.py",
    "task_logs/airflow3/logging_config.py",
    "task_logs/airflow3/page.py",
    "task_logs/airflow3/reading.py",
    "task_logs/stores/check_process.py",
    "task_logs/command_settings.py",
    "task_logs/retention/process.py",
    "task_logs/service.py",
    "task_logs/airflow2/stdout.py",
    "task_logs/airflow3/stdout.py",
    "task_logs/stores/s3.py",
    "task_logs/reading/tries.py",
    "updates/service.py",
    "web/airflow2.py",
    "web/airflow2_routes.py",
    "web/airflow3.py",
    "web/airflow3_routes.py",
}
# Each of these takes a noticeable part of the few milliseconds that a start takes.
HEAVY = (
    "argparse collections configparser contextlib dataclasses enum functools importlib.metadata inspect json logging"
    " pathlib random re shlex signal socket subprocess tempfile traceback typing urllib"
).split()
START = """
import sys
sys.path.insert(0, {checkout!r})
from entrypoint.__main__ import main
main(["true"], {environ!r}, lambda *_: print(*sorted(sys.modules)))
"""


def imported_names(source: str) -> Iterator[str]:
    """Yield the full name of everything that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} is a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named_modules(source: str) -> list[str]:
    """Return the plugin's modules in strings, for `import_module` or `python -m`."""
    return re.findall(r"""["'](astro_runtime_plugin\.[\w.]+)["']""", source)


def imported_packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported_names(path.read_text())}


def imported_rooms(path: Path) -> set[str]:
    source = path.read_text()
    names = [name.split(".") for name in (*imported_names(source), *named_modules(source))]
    return {parts[1] for parts in names if parts[0] == "astro_runtime_plugin" and parts[1] in AREAS}


def area(path: Path) -> str:
    return path.relative_to(PLUGIN_FOLDER).parts[0].removesuffix(".py")


def relative_name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", ENTRYPOINT, ids=relative_name)
def test_entrypoint_imports_only_itself_and_standard_library(path: Path) -> None:
    assert imported_packages(path) - {"entrypoint"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", PLUGIN, ids=relative_name)
def test_only_adapters_import_airflow(path: Path) -> None:
    below = path.relative_to(PLUGIN_FOLDER)
    allowed = (
        str(below) in MAY_IMPORT_AIRFLOW
        or below.parts[:2] == ("example_dags", "dags")
        or below.parts[0] == "fixes"
    )
    assert allowed or "airflow" not in imported_packages(path)


def test_every_adapter_imports_airflow() -> None:
    adapters = {name: PLUGIN_FOLDER / name for name in MAY_IMPORT_AIRFLOW}
    assert [name for name, path in adapters.items() if "airflow" not in imported_packages(path)] == []


@pytest.mark.parametrize("path", [*ENTRYPOINT, *PLUGIN], ids=relative_name)
def test_shipped_code_imports_only_shipped_code(path: Path) -> None:
    assert not imported_packages(path) & NOT_SHIPPED


@pytest.mark.parametrize("path", OTHERS, ids=relative_name)
def test_code_that_is_not_shipped_imports_only_allowed_packages(path: Path) -> None:
    imported = imported_packages(path) & {*SHIPPED, *NOT_SHIPPED}
    assert imported <= MAY_IMPORT[path.relative_to(CHECKOUT).parts[0]]


def test_rooms_are_all_ordered() -> None:
    assert sorted(AREAS) == sorted({area(path) for path in PLUGIN})


def test_rooms_import_only_lower_rooms() -> None:
    upward = {
        f"{relative_name(path)} imports {target}"
        for path in PLUGIN
        for target in imported_rooms(path)
        if AREAS.index(target) > AREAS.index(area(path))
    }
    assert upward == set()


def test_imports_are_found_everywhere() -> None:
    source = """
import a.b
if TYPE_CHECKING:
    from astro_runtime_plugin import web
def f():
    from astro_runtime_plugin.web.schemas import Setting
MODULE = "astro_runtime_plugin.web.airflow3"
TEXT = "astro_runtime_plugin.web is a area"
"""
    assert sorted(imported_names(source)) == [
        "a.b",
        "astro_runtime_plugin.web",
        "astro_runtime_plugin.web.schemas.Setting",
    ]
    assert named_modules(source) == ["astro_runtime_plugin.web.airflow3"]


def test_rules_cover_existing_files() -> None:
    modules = {"__main__.py", "defaults.py", "resolve.py", "build_environment.py"}
    assert modules <= {path.name for path in ENTRYPOINT}
    assert {path.relative_to(CHECKOUT).parts[0] for path in OTHERS} == set(MAY_IMPORT)
    assert {"plugin.py", "startup_hook.py", "asgi_footer.py"} <= {path.name for path in PLUGIN}


@pytest.mark.parametrize(
    "overrides",
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
def test_start_imports_nothing_heavy(tmp_path: Path, overrides: dict[str, str]) -> None:
    (tmp_path / "airflow.cfg").write_text(
        "[core]\n# a comment\nexecutor = LocalExecutor\n\n[scheduler]\nx = 1\n  2\n"
    )
    environ = {"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **overrides}
    words = [sys.executable, "-I", "-S", "-c", START.format(checkout=str(CHECKOUT), environ=environ)]
    process = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    modules = process.stdout.split()
    assert "entrypoint.resolve" in modules
    assert set(modules) & {*HEAVY, "airflow", "astro_runtime_plugin"} == set()
