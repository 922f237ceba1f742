"""An API server imports no web framework that it does not use.

Airflow's task API keeps its services in `svcs`, which imports what fits each web framework that is installed: aiohttp
and Flask, which providers bring along, besides FastAPI, which Airflow uses. That is a tenth of an API server's imports.
Here `svcs` imports the others when they are used. A DAG processor imports them as before, because its forks parse DAGs,
and many providers import aiohttp.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import ANY_SOURCE, WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.dag_forks import forks_dag_code

ID = "needless-frameworks"
FRAMEWORKS = ("aiohttp", "flask")


class LateModule(ModuleType):
    """Stands for a module of a package in the package's namespace, until one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        """Import the module, which takes this one's place, and return what it has."""
        return getattr(import_module(self.__name__), name)


def import_late(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes `svcs`."""

    def execute_without_frameworks(module: ModuleType) -> None:
        if not forks_dag_code():
            attempt(ID, None, add_late_modules, module)
        execute(module)

    return execute_without_frameworks


def add_late_modules(package: ModuleType) -> None:
    """Have the package find a module of its own for each framework that is installed."""
    for name in FRAMEWORKS:
        if find_spec(name) is not None:
            setattr(package, name, LateModule(f"{package.__name__}.{name}"))


FIX = Fix(
    id=ID,
    title="An API server imports no web framework that it does not use",
    symptom="An API server takes 10 MiB of memory more than it needs.",
    issue="",
    ends="`svcs` imports what fits a web framework when that is used.",
    patches=(Patch("svcs", WHOLE_MODULE, ANY_SOURCE, import_late, ("3.3",)),),
)
