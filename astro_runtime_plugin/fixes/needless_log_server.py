"""A component imports the server of its tasks' logs only in the process that serves them.

A scheduler, a triggerer and a Celery worker start a process that serves the logs on their disk. For that they import a
web framework and its server themselves, before their first heartbeat; a scheduler does so even with an executor whose
logs are elsewhere. Here the new process imports them, at the same time as the component goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from astro_runtime_plugin.component import CELERY_WORKER, SCHEDULER, TRIGGERER, from_subcommand
from astro_runtime_plugin.fixes.fix import ANY_SOURCE, WHOLE_MODULE, Fix, Patch

NAME = "serve_logs"
COMPONENTS = (SCHEDULER, TRIGGERER, CELERY_WORKER)
Execute = Callable[[ModuleType], None]


def import_late(execute: Execute) -> Execute:
    """Wrap what executes the module of the log server."""

    def execute_when_used(module: ModuleType) -> None:
        if from_subcommand(sys.argv[1:]) in COMPONENTS:
            add_late_names(execute, module)
        else:
            execute(module)

    return execute_when_used


def add_late_names(execute: Execute, module: ModuleType) -> None:
    """Give the module a `serve_logs` that executes the module when it is called, as any other name does when used."""

    def load(name: str) -> Any:
        for late in (NAME, "__getattr__"):
            module.__dict__.pop(late, None)
        execute(module)
        return getattr(module, name)

    def serve_logs(port: int | None = None) -> None:
        """Serve logs; a new process that does not share this one's memory finds the function by its names."""
        load(NAME)(port)

    def get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return load(name)

    serve_logs.__module__, serve_logs.__qualname__ = module.__name__, NAME
    module.__dict__.update({NAME: serve_logs, "__getattr__": get})


FIX = Fix(
    id="needless-log-server",
    title="A component imports the server of its tasks' logs only in the process that serves them",
    symptom="A scheduler, a triggerer and a Celery worker start later than they need, and take more memory.",
    issue="",
    ends="The process that serves logs imports the server.",
    patches=(Patch("airflow.utils.serve_logs", WHOLE_MODULE, ANY_SOURCE, import_late),),
)
