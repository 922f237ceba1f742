"""A process of Airflow imports what highlights source code when it highlights some.

That is pygments, which five modules import for what hardly any process does: structlog for tracebacks in colour, httpx
for its own command, mako for error pages, Airflow for JSON on a terminal, and Celery for the answers of its workers.
Each process of Airflow 3 imports the first two, and each one that looks at the database's version imports mako: 5 MiB
in all. Here each of them imports it when it uses it. A fork that needs it imports it by itself, which is rare: the
log of a task has no colours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.import_hook import call_after_import
from astro_runtime_plugin.fixes.support.late_names import find_late, find_parts_late
from astro_runtime_plugin.fixes.support.stand_in import LateName, stand_in

ID = "needless-highlighting"
PYGMENTS = "pygments"
NEEDED = ("click", PYGMENTS, "rich")  # without one of them, some of the five do without colours
# What the five import of two packages: who has imported the package finds it there without importing it.
PARTS = {
    PYGMENTS: "console filter filters formatter formatters lexer lexers modeline plugin regexopt style styles token"
    " unistring util",
    "rich": "ansi columns file_proxy filesize live live_render panel progress progress_bar scope spinner syntax"
    " traceback",
}
Execute = Callable[[ModuleType], None]
Values = Mapping[str, Mapping[str, Any]]  # by the name of the module that has them


def import_late(values: Values) -> Callable[[Execute], Execute]:
    """Return what wraps the execution of a module that gets these values instead of those that others have."""

    def wrap(execute: Execute) -> Execute:
        def execute_without_pygments(module: ModuleType) -> None:
            with ExitStack() as stand_ins:
                if attempt(ID, False, can_wait, values):
                    for name, of_module in values.items():
                        stand_ins.enter_context(stand_in(name, module.__name__, of_module))
                execute(module)

        return execute_without_pygments

    return wrap


def find_names_late(source: str, *names: str) -> Callable[[Execute], Execute]:
    """Return what wraps the execution of a module that only hands on these names of another."""
    values = {name: LateName(source, name) for name in names}

    def wrap(execute: Execute) -> Execute:
        def execute_and_forget(module: ModuleType) -> None:
            import_late({source: values})(execute)(module)
            attempt(ID, None, forget, module, source, values)

        return execute_and_forget

    return wrap


def forget(module: ModuleType, source: str, values: Mapping[str, LateName]) -> None:
    """Have a module look for the names that have these values when somebody looks them up."""
    late = [name for name, value in values.items() if vars(module).get(name) is value]
    find_late(module, {name: partial(value_of, source, name) for name in late})
    for name in late:
        delattr(module, name)


def value_of(module: str, name: str) -> Any:
    """Return what a module has under a name."""
    return getattr(import_module(module), name)


def can_wait(names: Values) -> bool:
    """Whether none of these modules has been imported, but they could be."""
    waits = not {PYGMENTS, *names} & sys.modules.keys() and are_installed()
    if waits:
        watch_packages()
    return waits


@cache
def are_installed() -> bool:
    """Whether all packages that are needed for colours are installed."""
    return all(find_spec(name) for name in NEEDED)


@cache
def watch_packages() -> None:
    """Have the packages that are no longer imported as a whole find their parts."""
    for package, parts in PARTS.items():
        call_after_import(package, partial(find_parts_late, names=parts.split()))


def highlight(code: str, lexer: LateName, formatter: LateName) -> Any:
    """Do for Celery what pygments does, with a lexer and a formatter that are created now."""
    return import_module(PYGMENTS).highlight(code, lexer(), formatter())


def late_class(module: str, name: str) -> Callable[[], LateName]:
    """Stand for a class of which Celery creates an object that only `highlight` uses: return the class instead."""
    return partial(LateName, module, name)


STRUCTLOG: Values = {"rich.traceback": {"Traceback": LateName("rich.traceback", "Traceback")}}
AIRFLOW: Values = {"rich.syntax": {"Syntax": LateName("rich.syntax", "Syntax")}}
CELERY: Values = {
    PYGMENTS: {"highlight": highlight},
    f"{PYGMENTS}.formatters": {
        "Terminal256Formatter": late_class(f"{PYGMENTS}.formatters", "Terminal256Formatter")
    },
    f"{PYGMENTS}.lexers": {"PythonLexer": late_class(f"{PYGMENTS}.lexers", "PythonLexer")},
}
late_mako = find_names_late("mako.ext.pygmentplugin", "syntax_highlight", "pygments_html_formatter")

FIX = Fix(
    id=ID,
    title="A process of Airflow imports what highlights source code only to highlight some",
    symptom="Each process of Airflow 3, and each one of 2.11 that looks at the database's version, takes 5 MiB of"
    " memory more than it needs, and each command more time.",
    issue="",
    ends="structlog, httpx, mako, Celery and Airflow import pygments where they use it.",
    patches=(
        Patch("structlog.dev", WHOLE_MODULE, ("41402934c32726ab",), import_late(STRUCTLOG), ("3.3",)),
        Patch("httpx", WHOLE_MODULE, ("0ac6997bac998f4a",), find_names_late("httpx._main", "main")),
        Patch("mako.exceptions", WHOLE_MODULE, ("85a18498d52e8047",), late_mako),
        Patch("celery.bin.base", WHOLE_MODULE, ("922af38f29c48c06",), import_late(CELERY)),
        Patch(
            "airflow.cli.simple_table", WHOLE_MODULE, ("71ecb9b6ccc1c36d",), import_late(AIRFLOW), ("3.3",)
        ),
        Patch(
            "airflow.cli.simple_table", WHOLE_MODULE, ("8c01bfbb2ebb4d37",), import_late(AIRFLOW), ("2.11",)
        ),
    ),
)
