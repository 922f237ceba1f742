"""With `[astro_runtime] task_logs_to_stdout`, each line of a task's log is once on stdout, as JSON that names its task.

Airflow copies a task's lines to stdout in pods and with LocalExecutor, and on Airflow 3 with CeleryExecutor if asked
to; a copy does not say which task it is from, and where tasks run side by side, nobody can tell. Here the process that
writes a line prints it as well (`task_logs.stdout`), and Airflow's copies are off. Without the setting nothing changes.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch, Wrap, lazy

ID, OPTION = "task-logs-to-stdout", "task_logs_to_stdout"
HANDLER = "airflow.utils.log.file_task_handler"


def if_set(wrap: Wrap) -> Wrap:
    """Let a wrapper leave its function alone unless the setting is on."""

    @wraps(wrap)
    def wrap_if_set(function: Any) -> Any:
        return wrap(function) if is_set() else function

    return wrap_if_set


def is_set() -> bool:
    """Whether `[astro_runtime] task_logs_to_stdout` is on."""
    from airflow.configuration import conf

    from astro_runtime_plugin.options.section import read_option

    if not read_option(conf, OPTION):
        return False
    from astro_runtime_plugin.task_logs.settings import read_settings

    return read_settings(conf).to_stdout


FIX = Fix(
    id=ID,
    title="With `task_logs_to_stdout`, each line of a task's log is on stdout as JSON that names its task and try",
    symptom="A collector got lines of many tasks from one stdout, and could not tell which task a line was from.",
    issue="",
    ends="Airflow prints the lines of tasks' logs as JSON with DAG, run, task, map index and try, on every executor.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess.start",
            ("3b7c00d9ab984ddf",),
            if_set(lazy("stdout_airflow3.print_supervised")),
            ("3.3",),
        ),
        Patch(
            "airflow.sdk.coordinators._subprocess",
            "_PopenActivitySubprocess.start",
            ("77589fcb1dac29b9",),
            if_set(lazy("stdout_airflow3.print_supervised")),
            ("3.3",),
        ),
        Patch(
            "airflow.jobs.triggerer_job_runner",
            "TriggerLoggingFactory.__call__",
            ("2a52cfebcf8d68eb",),
            if_set(lazy("stdout_airflow3.print_trigger")),
            ("3.3",),
        ),
        Patch(
            HANDLER,
            "FileTaskHandler.set_context",
            ("06fdc3f3e8952382",),
            if_set(lazy("stdout_airflow2.remember_try")),
            ("2.11",),
        ),
        Patch(
            HANDLER,
            "FileTaskHandler.emit",
            ("2e759cdfd0864331",),
            if_set(lazy("stdout_airflow2.print_records")),
            ("2.11",),
        ),
        Patch(
            "airflow.cli.commands.task_command",
            "_move_task_handlers_to_root",
            ("53515ce40b6aa91a",),
            if_set(lazy("stdout_airflow2.drop_copies")),
            ("2.11",),
        ),
        Patch(
            "airflow.task.task_runner.base_task_runner",
            "BaseTaskRunner._read_task_logs",
            ("142ea2902d2a20ac",),
            if_set(lazy("stdout_airflow2.pass_lines")),
            ("2.11",),
        ),
    ),
)
