"""Prints the content of the image as JSON; read by the Python of a container from standard input."""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path

PREFIX = "apache-airflow-providers-"
ROOTS = (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))


def compiles(path: Path) -> bool:
    try:
        compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def without_bytecode() -> list[str]:
    """Return the modules that compile but have no bytecode, without the tests of the standard library."""
    modules = (
        path for root in ROOTS for path in Path(root).rglob("*.py") if not {"test", "tests"} & set(path.parts)
    )
    uncompiled = (path for path in modules if not Path(importlib.util.cache_from_source(str(path))).exists())
    return [str(path) for path in uncompiled if compiles(path)]


def broken_hooks() -> list[str]:
    """Return the connection types whose hook cannot be imported, as Airflow imports it."""
    from airflow.providers_manager import ProvidersManager

    hooks = ProvidersManager().hooks
    return [name for name in hooks if hooks[name] is None]


def import_errors(modules: list[str]) -> dict[str, str]:
    """Return the modules that cannot be imported, with their errors."""
    errors = {}
    for name in modules:
        try:
            import_module(name)
        except Exception as error:
            errors[name] = repr(error)
    return errors


def leftovers() -> list[str]:
    """Return the files of the build that should have been removed."""
    caches = [
        Path.home() / ".cache",
        Path("/var/lib/apt/lists"),
        Path("/tmp"),
        Path("/locks"),
        Path("/wheel"),
    ]
    return [str(path) for folder in caches if folder.is_dir() for path in folder.iterdir()]


def writable_folders() -> list[str]:
    """Return the folders of the environment that this user can write to."""
    return [
        folder
        for root in ("/opt/astro-runtime", "/usr/local/lib")
        for folder, _, _ in os.walk(root)
        if os.access(folder, os.W_OK)
    ]


versions = {item.metadata["Name"].lower().replace("_", "-"): item.version for item in distributions()}
json.dump(
    {
        "packages": versions,
        "providers": sorted(name[len(PREFIX) :] for name in versions if name.startswith(PREFIX)),
        "missing": import_errors(sys.argv[1:]),
        "broken_hooks": broken_hooks(),
        "without_bytecode": without_bytecode(),
        "left_over": leftovers(),
        "writable": writable_folders(),
        "compilers": [name for name in ("cc", "gcc", "g++", "make", "ld") if shutil.which(name)],
    },
    sys.stdout,
)
