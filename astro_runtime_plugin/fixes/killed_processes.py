"""A task whose process dies gets its failure callbacks, its e-mails, and the cause in its log.

The callbacks of a task run in the task's own process. If that process dies on the last try, for example for lack of
memory, nobody runs them: Airflow 3's supervisor reports the failure and ends without an error. While retries are left
it reports nothing, and the scheduler takes over: when an executor says that a task has ended which should be running,
the scheduler lets the DAG processor run the callbacks and send the e-mails, and counts the retries. With this fix it
does so after the last try, too, and the executor learns of the failure. If the executor's report gets lost, the missing
heartbeats lead to the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "killed-processes"
SUPERVISOR = "airflow.sdk.execution_time.supervisor"
# The kernel's count when this supervisor started its task.
_kills: list[int | None] = [None]


class KilledTaskError(RuntimeError):
    """The process of a task has died; the executor that gets this reports the task as failed."""


def count_kills_before(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `ActivitySubprocess.start`, which forks the task."""
    from astro_runtime_plugin.fixes.support.memory_kills import count_kills

    @wraps(start)
    def count_and_start(*args: Any, **options: Any) -> Any:
        _kills[:] = [attempt(ID, None, count_kills)]
        return start(*args, **options)

    return count_and_start


def leave_to_scheduler(update: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `ActivitySubprocess.update_task_state_if_needed`, which the supervisor calls once the task has ended."""

    @wraps(update)
    def update_unless_killed(process: Any) -> None:
        if attempt(ID, False, has_died, process):
            attempt(ID, None, _explain, process)
            raise KilledTaskError("the process of the task ended before it could report how the task ended")
        update(process)

    return update_unless_killed


def has_died(process: Any) -> bool:
    """Whether the task's process failed before it reported the task's state; in that case no callback has run."""
    reported = process._terminal_state or process._pending_terminal_state_msg
    return process._exit_code != 0 and not reported


def _explain(process: Any) -> None:
    from astro_runtime_plugin.fixes.support.memory_kills import explain_exit

    cause = explain_exit(process._exit_code, _kills[0])
    text = f"{cause} The scheduler takes over: callbacks, e-mails and retries follow."
    process.process_log.error(text.strip())


FIX = Fix(
    id=ID,
    title="A task whose process dies, for example for lack of memory, runs its failure callbacks and sends its e-mails",
    symptom="A task that ran out of memory failed without its `on_failure_callback` and its e-mail.",
    issue="https://github.com/apache/airflow/issues/60858",
    ends="The failure callbacks of a task run after `kill -9` of its process.",
    patches=(
        Patch(SUPERVISOR, "ActivitySubprocess.start", ("3b7c00d9ab984ddf",), count_kills_before, ("3.3",)),
        Patch(
            SUPERVISOR,
            "ActivitySubprocess.update_task_state_if_needed",
            ("9f0c88714b9fff61",),
            leave_to_scheduler,
            ("3.3",),
        ),
    ),
)
