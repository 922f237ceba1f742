"""A trigger that cannot be built fails alone, and the triggerer runs the others.

Airflow expects a missing class and wrong arguments. Any other error, such as that of arguments which another Fernet key
encrypted, ends the triggerer, and the next one meets the same trigger. Here such a trigger fails as one with wrong
arguments does. One whose DAG cannot be read, which says nothing about the trigger, waits for a DAG that can.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_error
from astro_runtime_plugin.fixes.support.retries import Retries

TRIGGERER = "airflow.jobs.triggerer_job_runner"
ID = "broken-trigger"
log = logging.getLogger("astro_runtime")
# Of triggers whose DAG cannot be read. The thread that reads them also writes the triggerer's heartbeats.
_retries = Retries()


def create_each(create: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], Any]:
    """Wrap `create_triggers` of Airflow 3: let it build one trigger at a time."""

    @wraps(create)
    async def create_one_by_one(runner: Any) -> None:
        queue = runner.to_create
        try:
            while queue:
                workload = queue.popleft()
                runner.to_create = deque([workload])
                try:
                    await create(runner)
                except Exception as error:
                    fail(runner, workload.id, error)
        finally:
            runner.to_create = queue

    return create_one_by_one


def fail(runner: Any, trigger_id: int, error: Exception) -> None:
    """Let the triggerer fail the task of a trigger."""
    log.error("astro-runtime: trigger %s cannot be built (%s) and fails", trigger_id, type(error).__name__)
    runner.failed_triggers.append((trigger_id, error))


def update_rest(update: Callable[..., None]) -> Callable[..., None]:
    """Wrap `update_triggers` of Airflow 2: if it fails, let it try again without the triggers that fail."""

    @wraps(update)
    def update_without_broken(runner: Any, requested_trigger_ids: set[int]) -> None:
        try:
            update(runner, requested_trigger_ids)
        except Exception as error:
            if is_database_error(error) or not attempt(ID, 0, fail_broken, runner, requested_trigger_ids):
                raise
            update(runner, requested_trigger_ids)

    return update_without_broken


def fail_broken(runner: Any, requested: set[int]) -> int:
    """Fail the new triggers that cannot be built, and return their number."""
    from airflow.models.trigger import Trigger

    loaded = {*runner.triggers, *(item[0] for item in [*runner.to_create, *runner.failed_triggers])}
    broken = 0
    for trigger_id, row in Trigger.bulk_fetch(requested - loaded).items():
        try:
            runner.get_trigger_by_classpath(row.classpath)(**row.kwargs)
        except (TypeError, ImportError):
            continue  # Airflow handles them
        except Exception as error:
            fail(runner, trigger_id, error)
            broken += 1
    return broken


def skip_unreadable(create: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_create_workload` of Airflow 3, which reads the DAG of a trigger's task; None skips the trigger for now."""

    @wraps(create)
    def create_or_skip(supervisor: Any, trigger: Any, *args: Any, **options: Any) -> Any:
        if _retries.waits(trigger.id):
            return None
        try:
            workload = create(supervisor, trigger, *args, **options)
        except Exception as error:
            if is_database_error(error):
                raise
            postpone(trigger.id, error)
            return None
        _retries.succeed(trigger.id)
        return workload

    return create_or_skip


def postpone(trigger_id: int, error: Exception) -> None:
    """Let a trigger wait for its next try, and log that at its first failure."""
    if _retries.fail(trigger_id):
        log.warning(
            "astro-runtime: trigger %s waits: its DAG cannot be read (%s)", trigger_id, type(error).__name__
        )


FIX = Fix(
    id=ID,
    title="A trigger that cannot be built fails only its own task",
    symptom="One such trigger, or a changed Fernet key, ends every triggerer again and again; all deferred tasks wait.",
    issue="https://github.com/apache/airflow/pull/72758",
    ends="Airflow's triggerer fails a trigger for any error of its construction.",
    patches=(
        Patch(TRIGGERER, "TriggerRunner.create_triggers", ("194887f519ad9551",), create_each, ("3.3",)),
        Patch(
            TRIGGERER,
            "TriggerRunnerSupervisor._create_workload",
            ("3cc2cff157f57a80",),
            skip_unreadable,
            ("3.3",),
        ),
        Patch(TRIGGERER, "TriggerRunner.update_triggers", ("878b4ee644407d56",), update_rest, ("2.11",)),
    ),
)
