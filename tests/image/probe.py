"""Runs within a container, fed to its Python: prints what is in the image, as JSON."""

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
    """Return the modules that could be compiled and are not; tests of the standard library are none."""
    modules = (
        path for root in ROOTS for path in Path(root).rglob("*.py") if not {"test", "tests"} & set(path.parts)
    )
    bare = (path for path in modules if not Path(importlib.util.cache_from_source(str(path))).exists())
    return [str(path) for path in bare if compiles(path)]


def broken_hooks() -> list[str]:
    """Return the connection types whose hook cannot be imported, as Airflow imports it."""
    from airflow.providers_manager import ProvidersManager

    hooks = ProvidersManager().hooks
    return [name for name in hooks if hooks[name] is None]


def missing(modules: list[str]) -> dict[str, str]:
    """Return the modules that cannot be imported, each with its error."""
    found = {}
    for name in modules:
        try:
            import_module(name)
        except Exception as error:
            found[name] = repr(error)
    return found


def left_over() -> list[str]:
    """Return what a build leaves behind where it does not clean up."""
    caches = [
        Path.home() / ".cache",
        Path("/var/lib/apt/lists"),
        Path("/tmp"),
        Path("/locks"),
        Path("/wheel"),
    ]
    return [str(path) for folder in caches if folder.is_dir() for path in folder.iterdir()]


def writable() -> list[str]:
    """Return the folders of the environment that this user may change."""
    return [
        folder
        for root in ("/opt/astro-runtime", "/usr/local/lib")
        for folder, _, _ in os.walk(root)
        if os.access(folder, os.W_OK)
    ]


names = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions()}
json.dump(
    {
        "packages": names,
        "providers": sorted(name[len(PREFIX) :] for name in names if name.startswith(PREFIX)),
        "missing": missing(sys.argv[1:]),
        "broken_hooks": broken_hooks(),
        "without_bytecode": without_bytecode(),
        "left_over": left_over(),
        "writable": writable(),
        "compilers": [name for name in ("cc", "gcc", "g++", "make", "ld") if shutil.which(name)],
    },
    sys.stdout,
)
