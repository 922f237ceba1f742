"""A task's process finds the validators of Airflow's messages, because the process that forks it has built them.

Airflow checks what a task, its supervisor and its executor tell each other with pydantic, which compiles a validator
for all kinds of messages. Each task's process compiled the one for its supervisor's answers twice, that of JSON once
for each templated field, and a Celery worker that of its orders for each task. With this fix a Celery worker and a
scheduler with LocalExecutor build them once, before they fork.
"""

from __future__ import annotations

import gc
import inspect
import multiprocessing
from collections.abc import Callable
from functools import lru_cache, wraps
from importlib import import_module
from typing import Any, TypeVar

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "repeated-validators"
T = TypeVar("T")
TASK_RUNNER = "airflow.sdk.execution_time.task_runner"
# The types of messages that are unions, which have no validator of their own as a model has.
UNIONS = (
    ("airflow.sdk.execution_time.comms", "ToTask"),
    ("airflow.executors.workloads", "ExecutorWorkload"),
)


def build_before_start(start: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `LocalExecutor.start`, which forks the processes that run tasks."""

    @wraps(start)
    def start_with_validators(executor: Any) -> None:
        if multiprocessing.get_start_method() == "fork":
            attempt(ID, None, build_validators)
        start(executor)

    return start_with_validators


def build_with_worker(receiver: Callable[..., None]) -> Callable[..., None]:
    """Have a Celery worker build validators on the signal of the receiver. The signal keeps the receiver itself."""
    from celery.signals import import_modules as signal

    signal.connect(build_in_worker, weak=False)
    return receiver


def build_in_worker(**_: Any) -> None:
    """Receive the signal on which a worker imports modules, and freeze what this adds, as Airflow's receiver does."""
    attempt(ID, None, build_validators)
    gc.freeze()


def build_validators() -> None:
    """Build what every task validates with."""
    from pydantic import JsonValue

    for module, name in UNIONS:
        keep_validator(getattr(import_module(module), name))
    import_module(TASK_RUNNER).TypeAdapter(JsonValue)


def keep_validator(union: Any) -> None:
    """Give a type its validator, where each new TypeAdapter of the type finds it, as it finds that of a model."""
    from pydantic import TypeAdapter

    adapter = TypeAdapter(union)
    if adapter.pydantic_complete:
        union.__pydantic_serializer__ = adapter.serializer
        union.__pydantic_validator__ = adapter.validator
        union.__pydantic_core_schema__ = adapter.core_schema


class OnePerArgument(type):
    """The class of a class that makes one object for each argument."""

    __call__ = lru_cache(type.__call__)


def keep_adapters(serialize: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have the module of `_serialize_rendered_fields` make one TypeAdapter of a type; it has no state."""
    namespace = inspect.unwrap(serialize).__globals__
    adapter = namespace["TypeAdapter"]

    class SharedAdapter(adapter[T], metaclass=OnePerArgument):  # type: ignore[misc, valid-type]
        """The adapter of a type, for all that make one."""

    namespace["TypeAdapter"] = SharedAdapter
    return serialize


CELERY = "airflow.providers.celery.executors.celery_executor_utils"
FIX = Fix(
    id=ID,
    title="A task's process finds the validators of Airflow's messages",
    symptom="The process of a task that does nothing spends a sixth of its time on building validators.",
    issue="",
    ends="Airflow builds the validators of its messages before it forks.",
    patches=(
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor.start",
            ("400f4a5e2ddde736",),
            build_before_start,
            ("3.3",),
        ),
        Patch(CELERY, "on_celery_import_modules", ("0576805f4da4fb0d",), build_with_worker, ("3.3",)),
        Patch(TASK_RUNNER, "_serialize_rendered_fields", ("cacd37ff4beb125c",), keep_adapters, ("3.3",)),
    ),
)
