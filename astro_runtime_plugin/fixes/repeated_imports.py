"""A task's process finds the modules that every task needs, because the process that forks it has imported them.

Each task runs in a process of its own, a fork of a process that runs many. What that one has not imported, each task
imports again, which takes longer than a short task itself: Airflow's operators and decorators, and on Airflow 2 the
command that runs a task. With this fix a Celery worker and a scheduler with LocalExecutor import them once, before they
fork. No other process does. On Airflow 2 they also configure the mappers of the database's classes, which each task of
a Celery worker did before its first query. A scheduler's garbage collector soon went through all that it shared with
its forks, which gave it a copy of its own; here it leaves that alone.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "repeated-imports"
# What a task imports although its DAG has only a function; those import the others.
MODULES = {
    "3.3": (
        "airflow.dag_processing.bundles.local",
        "airflow.dag_processing.dagbag",
        "airflow.listeners.spec.taskinstance",
        "airflow.providers.standard.operators.bash",
        "airflow.sdk._shared.logging.factory",
        "airflow.sdk._shared.logging.remote",
        "airflow.sdk.definitions.asset.metadata",
        "airflow.sdk.definitions.connection",
        "airflow.sdk.definitions.decorators",
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.execution_time.task_runner",
        "airflow.sdk.log",
        "airflow.version",
        "jinja2.ext",
        "libcst",
    ),
    "2.11": (
        "airflow.api.common.experimental.get_task_instance",
        "airflow.cli.commands.task_command",
        "airflow.cli.simple_table",
        "airflow.datasets.metadata",
        "airflow.decorators",
        "airflow.jobs.local_task_job_runner",
        "airflow.listeners.spec.dagrun",
        "airflow.listeners.spec.dataset",
        "airflow.listeners.spec.importerrors",
        "airflow.listeners.spec.lifecycle",
        "airflow.listeners.spec.taskinstance",
        "airflow.models.baseoperatorlink",
        "airflow.models.dagwarning",
        "airflow.models.errors",
        "airflow.models.serialized_dag",
        "airflow.models.slamiss",
        "airflow.models.taskinstancehistory",
        "airflow.operators.bash",
        "airflow.operators.subdag",
        "airflow.sensors.base",
        "airflow.task.task_runner.standard_task_runner",
        "airflow.www.extensions.init_session",
        "jinja2.ext",
    ),
}


def import_before_start(start: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `LocalExecutor.start`, which forks the processes that run tasks."""

    @wraps(start)
    def start_with_modules(executor: Any) -> None:
        if multiprocessing.get_start_method() == "fork":
            attempt(ID, None, import_modules)
        gc.freeze()  # so that the collector leaves the memory alone that forks share
        start(executor)

    return start_with_modules


def freeze_after_forks(fork: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    """Wrap `_spawn_workers_with_gc_freeze`, which ends with `gc.unfreeze`."""

    @wraps(fork)
    def fork_and_freeze(executor: Any, spawn_number: int) -> None:
        try:
            fork(executor, spawn_number)
        finally:
            gc.freeze()

    return fork_and_freeze


def import_with_worker(receiver: Callable[..., None]) -> Callable[..., None]:
    """Have a Celery worker import more than the receiver of its signal does. The signal keeps the receiver itself."""
    from celery.signals import import_modules as signal

    signal.connect(import_in_worker, weak=False)
    return receiver


def import_in_worker(**_: Any) -> None:
    """Receive the signal on which a worker imports modules, after Airflow's own receiver, and freeze them like that."""
    attempt(ID, None, import_modules)
    gc.freeze()


def import_modules() -> None:
    """Import what every task needs, and on Airflow 2 configure the mappers of what has been imported."""
    from astro_runtime_plugin.airflow_compat import line

    for module in MODULES[line()]:
        with suppress(ImportError):  # of a provider that is not installed
            import_module(module)
    if line() == "2.11":
        import_module("airflow.models.base").Base.registry.configure(cascade=True)  # as a query does


CELERY = "airflow.providers.celery.executors.celery_executor_utils"
FIX = Fix(
    id=ID,
    title="A task's process finds the modules that every task needs",
    symptom="The process of a task that does nothing spends almost half of its time on imports.",
    issue="",
    ends="Airflow's executors import what every task needs before they fork.",
    patches=(
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor.start",
            ("400f4a5e2ddde736", "9120cfeae3996381"),
            import_before_start,
        ),
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor._spawn_workers_with_gc_freeze",
            ("79d6da66cfc8b325",),
            freeze_after_forks,
            ("3.3",),
        ),
        Patch(CELERY, "on_celery_import_modules", ("0576805f4da4fb0d",), import_with_worker),
    ),
)
