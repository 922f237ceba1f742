"""Airflow 2: a task that starts or ends during an outage of the database waits until it is over.

The task's process saves its result in the database, and fails if it cannot: the work is lost, and the task counts as
running until it is failed for missing heartbeats. A task that starts during the outage fails, too. With this fix both
wait until the database answers, for as long as the task's supervisor does. What the outage interrupts is done again:
the start of the task and of its supervisor, the rendering of its fields, the saving of its result and state. Its code,
its callbacks and its e-mails do not run a second time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch, lazy
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_outage
from astro_runtime_plugin.fixes.support.running_task import ID, PAUSE, task, time_limit, wait_in_task
from astro_runtime_plugin.fixes.support.task_code import prepare_again
from astro_runtime_plugin.fixes.support.task_outcome import TaskOutcome, resume

MODULE, COMMAND, JOB = "airflow.models.taskinstance", "airflow.cli.commands.task_command", "airflow.jobs.job"
SUPERVISOR, SENSOR = "airflow.jobs.local_task_job_runner", "airflow.sensors.base"
TASK_RUNNER, RUNNER = "airflow.task.task_runner.base_task_runner", "airflow.utils.operator_helpers"
KILLED = ("AirflowTaskTerminated", "KeyboardInterrupt")


def run_again(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_run_raw_task`, which runs a task in its own process: repeat all of it but the code that has begun."""

    @wraps(run)
    def run_and_repeat(ti: Any, *args: Any, **options: Any) -> Any:  # Airflow passes it by this name
        operator = ti.task
        task.start(options.get("session"))
        try:
            return run(ti, *args, **options)
        except Exception as error:
            if not _may_repeat(error):
                raise
            return _repeat(partial(run, ti, *args, **options), ti, operator, error)
        finally:
            task.start(None)

    return run_and_repeat


def _may_repeat(error: Exception) -> bool:
    """Whether Airflow's own work failed for an outage: before the task's code began, or after it ended."""
    outcome = task.outcome
    if task.session is None or not is_database_outage(error) or (task.began and outcome is None):
        return False
    return outcome is None or error is not outcome.error  # that of the code is saved when it is raised


def _repeat(run: Callable[[], Any], ti: Any, operator: Any, error: Exception) -> Any:
    """Run the task again until its state is saved, or the time is over."""
    end = time.monotonic() + time_limit()
    while time.monotonic() < end:
        saved = ti.state
        if task.outcome:
            task.outcome.note_reports(ti)
        attempt(ID, None, task.session.rollback)
        time.sleep(PAUSE)
        wait_in_task()
        try:
            if task.outcome:
                return resume(run, ti, task.outcome, saved, error)
            ti.task = operator
            return run()
        except Exception as again:
            if again is error or not _may_repeat(again):
                raise
            error = again
    raise error


def wait_after(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_execute_task_with_callbacks`, after which the task's state is saved; a killed task does not wait."""

    @wraps(execute)
    def execute_and_wait(*args: Any, test_mode: bool = False, **options: Any) -> Any:
        ti, context = _instance_and_context(*args, **options)
        if task.outcome:
            task.outcome.apply(ti, context)
            return None
        task.began = test_mode  # else `_update_rtif` says when
        try:
            result = prepare_again(partial(execute, *args, test_mode=test_mode, **options), ti, context)
        except BaseException as error:
            if type(error).__name__ not in KILLED:
                _keep_outcome(ti, context, error)
                wait_in_task()
            raise
        _keep_outcome(ti, context, None)
        wait_in_task()
        return result

    return execute_and_wait


def _keep_outcome(ti: Any, context: Any, error: BaseException | None) -> None:
    task.began = True
    if task.session is not None:
        task.outcome = TaskOutcome(ti, context, error)


def _instance_and_context(*args: Any, **options: Any) -> tuple[Any, Any]:
    """Return two arguments of `_execute_task_with_callbacks`, which Airflow passes by their names."""
    named = dict(zip(("self", "context"), args, strict=False))
    return {**named, **options}["self"], {**named, **options}["context"]


FIX = Fix(
    id=ID,
    title="A task that starts or ends during an outage of the database waits until it is over",
    symptom="Tasks that end during an outage of the database stay in running and fail later, even if they succeeded.",
    issue="",
    ends="Airflow 2.11 is no longer supported.",
    patches=tuple(
        Patch(module, function, (source,), wrap, ("2.11",))
        for module, function, source, wrap in (
            (COMMAND, "task_run", "9f825b107a9e1d10", lazy("task_start.wait_at_start")),
            (COMMAND, "_get_ti", "0d28d6b0976d6be3", lazy("task_start.read_again")),
            (SUPERVISOR, "LocalTaskJobRunner.__init__", "4f9aed9c62aaeb07", lazy("task_start.read_again")),
            # Its log's name is read from the database before anything else is done.
            (TASK_RUNNER, "BaseTaskRunner.__init__", "2bb704fb520cf91a", lazy("task_start.read_again")),
            (JOB, "Job._add_to_db", "0d37af57c4f4ceef", lazy("task_start.save_job_again")),
            (JOB, "Job._update_in_db", "8d9de777872761c7", lazy("task_start.save_job_again")),
            (MODULE, "TaskInstance.init_run_context", "12f42c2822e1a214", lazy("task_start.read_again")),
            (
                MODULE,
                "TaskInstance.check_and_change_state_before_execution",
                "cd2b339a9e92441a",
                lazy("task_start.start_again"),
            ),
            (MODULE, "_run_raw_task", "0d7caa4c7ede9a25", run_again),
            (MODULE, "TaskInstance._execute_task_with_callbacks", "46bd419352f92b91", wait_after),
            (MODULE, "TaskInstance.clear_xcom_data", "847acfc6a26e3438", lazy("task_code.repeat")),
            (MODULE, "_update_rtif", "3b5067a4d16c5713", lazy("task_code.begin_after")),
            (MODULE, "_execute_task", "eaa5a2a1140f0f3d", lazy("task_code.save_result_again")),
            (RUNNER, "ExecutionCallableRunner.run", "902cf93465e3d002", lazy("task_code.keep_result")),
            (MODULE, "TaskInstance.xcom_push", "3d2665870d645e40", lazy("task_code.repeat_in_session")),
            (MODULE, "TaskInstance.xcom_pull", "2729579bb384b2ce", lazy("task_code.repeat_in_session")),
            (SENSOR, "_orig_start_date", "427a4a46e066a7ab", lazy("task_code.repeat")),
        )
    ),
)
