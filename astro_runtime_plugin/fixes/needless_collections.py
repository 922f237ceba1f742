"""A command of Airflow starts without dozens of garbage collections that find nothing.

Python's garbage collector runs whenever a program has created some hundred objects more than it has given up. An import
creates hundreds of thousands that stay: a fifth of a command's processor time was spent on looking at them again and
again. Here the collector pauses while Airflow, the parser of its commands, and a command's module are imported, in a
task's pod while its supervisor is, and on Airflow 2 while the web application is imported and created. What a young
process has by then is never looked at again; one that had work before Airflow keeps its garbage collectable.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import ANY_SOURCE, WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.import_hook import wrap_import
from astro_runtime_plugin.fixes.support.pod_process import runs_one_task

ID = "needless-collections"
COMMANDS = "airflow.cli.commands"
# What the command of a Kubernetes pod imports after `airflow`; on Airflow 2 that is a command as any other.
OF_POD = (
    "airflow.executors.workloads",
    "airflow.executors.base_executor",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
)
Execute = Callable[[ModuleType], None]


def pause_for_airflow(execute: Execute) -> Execute:
    """Wrap what executes `airflow`; what a pod imports after it gets a pause, too."""

    def execute_and_watch(module: ModuleType) -> None:
        if attempt(ID, False, runs_one_task):
            for name in OF_POD:
                wrap_import(name, pause_during)
        pause_during(execute)(module)

    return execute_and_watch


def pause_during(execute: Execute) -> Execute:
    """Wrap what executes a module; the collector goes on after it also if it fails."""

    def execute_without_collections(module: ModuleType) -> None:
        with pause():
            execute(module)

    return execute_without_collections


@contextmanager
def pause() -> Iterator[None]:
    """Stop the collector for a while, unless somebody else has: an operator, or an import around this one.

    What the code in between does to the collector, that of an operator perhaps, stays as it is.
    """
    thresholds = gc.get_threshold()
    stopped = (0, *thresholds[1:])
    if not gc.isenabled() or thresholds == stopped:
        yield
        return
    young = is_young()
    gc.set_threshold(*stopped)
    try:
        yield
    finally:
        if young:
            gc.freeze()
        if gc.get_threshold() == stopped:
            gc.set_threshold(*thresholds)


@cache
def is_young() -> bool:
    """Whether this process has had no collection of its oldest objects before Airflow: it has little garbage."""
    oldest: dict[str, int] = gc.get_stats()[-1]
    return oldest["collections"] == 0


def pause_for_commands(execute: Execute) -> Execute:
    """Wrap what executes the parser of commands; the imports of commands' modules get a pause, too."""

    def execute_and_watch(module: ModuleType) -> None:
        pause_during(execute)(module)
        attempt(ID, None, watch_commands)

    return execute_and_watch


def watch_commands() -> None:
    """Pause the collector during the import of each module of a command."""
    import airflow.cli.commands

    for command in iter_modules(airflow.cli.commands.__path__):
        wrap_import(f"{COMMANDS}.{command.name}", pause_during)


def pause_for_application(execute: Execute) -> Execute:
    """Wrap what executes `airflow.www.app`; the creation of the application gets a pause, too."""

    def execute_and_wrap(module: ModuleType) -> None:
        pause_during(execute)(module)
        create = module.create_app

        @wraps(create)
        def create_app(*args: Any, **options: Any) -> Any:
            with pause():
                return create(*args, **options)

        module.create_app = create_app  # type: ignore[attr-defined]

    return execute_and_wrap


FIX = Fix(
    id=ID,
    title="An airflow command does not look for garbage while it imports Airflow",
    symptom="Each airflow command takes a fifth more processor time than it needs, and so does a web server's start.",
    issue="",
    ends="Airflow, or Python, imports modules without collections.",
    patches=(
        Patch("airflow", WHOLE_MODULE, ANY_SOURCE, pause_for_airflow),
        Patch("airflow.cli.cli_parser", WHOLE_MODULE, ANY_SOURCE, pause_for_commands),
        Patch("airflow.www.app", WHOLE_MODULE, ("a4dbe1a032b9995c",), pause_for_application, ("2.11",)),
    ),
)
