"""A class name stands for one class in everything but the tests, so that it is understood without its module."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from testing.entrypoint_process import CHECKOUT

PACKAGES = ("astro_runtime_plugin", "bench", "dev", "entrypoint", "image", "testing")
# The handler `task` and the auth manager are one class on each line.
SHARED = {
    "RuntimeAuthManager": {"identity/airflow2/auth_manager.py", "identity/airflow3/auth_manager.py"},
    "TaskLogHandler": {"task_logs/airflow2/handler.py", "task_logs/airflow3/reading.py"},
}


def class_names(path: Path) -> list[str]:
    """Return the names of a module's classes, without those within functions and classes."""
    return [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]


def test_no_two_classes_share_a_name() -> None:
    modules = defaultdict(set)
    for package in PACKAGES:
        for path in (CHECKOUT / package).rglob("*.py"):
            for name in class_names(path):
                modules[name].add(str(path.relative_to(CHECKOUT)).removeprefix("astro_runtime_plugin/"))
    assert {name: paths for name, paths in modules.items() if len(paths) > 1} == SHARED
