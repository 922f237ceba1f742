"""A process of Airflow does not import libcst, unless it rewrites source with that.

The SDK removes decorators from the source of functions that run in another Python, as those of
`@task.virtualenv`. For that, each process that imports an operator imports libcst: a tenth of what a task's pod
does before the first line of its task, a tenth of a scheduler's start, and 6 MiB of an API server. Here it is imported
when source is rewritten. A DAG processor and a Celery worker import it as before, because a file with `@task.stub`
rewrites source in each of their forks; a scheduler does so before LocalExecutor forks (`repeated-imports`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import ModuleType

from astro_runtime_plugin.component import SCHEDULER, from_subcommand
from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.support.dag_forks import forks_dag_code
from astro_runtime_plugin.fixes.support.stand_in import stand_in

DECORATORS = "airflow.sdk.definitions._internal.decorators"
LIBCST = "libcst"
Execute = Callable[[ModuleType], None]


def import_late(execute: Execute) -> Execute:
    """Wrap what executes the module that rewrites source."""

    def execute_without_libcst(module: ModuleType) -> None:
        if LIBCST in sys.modules or has_forks_soon():
            execute(module)
            return
        with stand_in(LIBCST, DECORATORS, {"CSTTransformer": object}):
            execute(module)
        module.remove_task_decorator = execute_when_used(execute, module)  # type: ignore[attr-defined]

    return execute_without_libcst


def has_forks_soon() -> bool:
    """Whether this process forks others with DAGs before it could import libcst for all of them."""
    return forks_dag_code() and not from_subcommand(sys.argv[1:], (SCHEDULER,))


def execute_when_used(execute: Execute, module: ModuleType) -> Callable[[str, str], str]:
    """Return a `remove_task_decorator` that executes its module once more, now with libcst, and calls the result."""
    name = "remove_task_decorator"
    unready = getattr(module, name)

    @wraps(unready)
    def remove_task_decorator(python_source: str, task_decorator_name: str) -> str:
        if getattr(module, name) is remove_task_decorator:
            execute(module)
        rewrite: Callable[[str, str], str] = getattr(module, name)
        return rewrite(python_source, task_decorator_name)

    return remove_task_decorator


FIX = Fix(
    id="needless-libcst",
    title="A process of Airflow imports libcst only to rewrite source",
    symptom="A scheduler takes a tenth longer to start, and a pod of KubernetesExecutor a tenth longer to reach its"
    " task's first line, than they need to; an API server takes more memory.",
    issue="",
    ends="Airflow imports libcst where it rewrites source.",
    patches=(Patch(DECORATORS, WHOLE_MODULE, ("a9f6aae72745eb4e",), import_late, ("3.3",)),),
)
