"""A task that SIGTERM interrupts ends as killed, and its retries count.

On SIGTERM, for example because its pod is deleted, Airflow 3 calls the operator's `on_kill` and lets `execute` go on.
If `execute` waits for the work that `on_kill` has stopped, it returns, and the task is a success. With this fix
`execute` is interrupted, as in Airflow 2, if the operator has its own `on_kill`. Without one there is nothing to stop,
and the task may finish.

If the server has told the supervisor to stop the task, for example after a change of its state in the UI, there is
nothing left to report, and Airflow works as before.
"""

from __future__ import annotations

import mmap
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

if TYPE_CHECKING:
    from astro_runtime_plugin.fixes.support.interruption import Interruption

ID = "killed-tasks"
RUNNER, COMMS = "airflow.sdk.execution_time.task_runner", "airflow.sdk.execution_time.comms"
SUPERVISOR, CLIENT = "airflow.sdk.execution_time.supervisor", "airflow.sdk.api.client"
STOP_ANSWERS = (404, 409, 410)  # to a heartbeat; the supervisor kills the task after one of them

# What this process has wrapped. Without all of SAFEGUARDS an interruption could do harm.
SAFEGUARDS = {"send", "asend", "start", "heartbeat"}
_wrapped: set[str] = set()
# One byte that the supervisor shares with its task: 1 once the server has told the supervisor to stop the task.
_stop: list[mmap.mmap] = []
# The interruption of the function that the task runs.
_current: list[Interruption] = []


def interrupt(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function of the task runner that runs the code of the DAG's author."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        _current[:] = attempt(ID, [], _interruptions, *args, **options)
        try:
            if _current:
                return _current[0].run(function, *args, **options)
            return function(*args, **options)
        finally:
            _current.clear()

    return run


def _interruptions(*args: Any, **options: Any) -> list[Interruption]:
    """Return a list with the interruption of a task that has its own `on_kill`; empty if it might do harm."""
    task = next(value for value in (*args, *options.values()) if hasattr(value, "task")).task
    stop = signal.getsignal(signal.SIGTERM)
    if not (_wrapped >= SAFEGUARDS and _stop and callable(stop) and has_own_kill(task)):
        return []
    from astro_runtime_plugin.fixes.support.interruption import Interruption

    return [Interruption(stop, lambda: bool(_stop[0][0]))]


def has_own_kill(task: Any) -> bool:
    """Whether the operator's class, or the task itself, defines `on_kill`."""
    from airflow.sdk.bases.operator import BaseOperator

    return getattr(task.on_kill, "__func__", None) is not BaseOperator.on_kill


def finish_sending(send: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `CommsDecoder.send`, a request of the task to its supervisor."""
    _wrapped.add("send")

    @wraps(send)
    def finish(*args: Any, **options: Any) -> Any:
        with _whole_request():
            return send(*args, **options)

    return finish


def finish_sending_async(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Wrap `CommsDecoder.asend`, a request of an async operator's; its locks outlive an interrupted event loop."""
    _wrapped.add("asend")

    @wraps(send)
    async def finish(*args: Any, **options: Any) -> Any:
        with _whole_request():
            return await send(*args, **options)

    return finish


def _whole_request() -> AbstractContextManager[None]:
    if _current and threading.current_thread() is threading.main_thread():
        return _current[0].request()
    return nullcontext()


def share_stop(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `ActivitySubprocess.start`, which forks the task."""
    _wrapped.add("start")

    @wraps(start)
    def share(*args: Any, **options: Any) -> Any:
        _stop[:] = attempt(ID, [], _shared_byte)
        return start(*args, **options)

    return share


def _shared_byte() -> list[mmap.mmap]:
    return [mmap.mmap(-1, 1)]


def note_stop(heartbeat: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `TaskInstanceOperations.heartbeat`, which the supervisor calls for its task."""
    _wrapped.add("heartbeat")

    @wraps(heartbeat)
    def note(*args: Any, **options: Any) -> Any:
        try:
            return heartbeat(*args, **options)
        except Exception as error:
            attempt(ID, None, _note, error)
            raise

    return note


def _note(error: Exception) -> None:
    if _stop and getattr(getattr(error, "response", None), "status_code", None) in STOP_ANSWERS:
        _stop[0][0] = 1


FIX = Fix(
    id=ID,
    title="A task that is stopped with SIGTERM fails, and its retries count",
    symptom="A task whose pod was deleted, or whose worker was stopped, succeeded although its work was not done.",
    issue="https://github.com/apache/airflow/issues/73006",
    ends="After SIGTERM, a task whose operator has its own `on_kill` ends as failed or up for retry.",
    patches=(
        Patch(RUNNER, "_prepare", ("2c530730d1b12dfa",), interrupt, ("3.3",)),
        Patch(RUNNER, "_execute_task", ("bc0fbd9dbd3138f2",), interrupt, ("3.3",)),
        Patch(COMMS, "CommsDecoder.send", ("0e7ce55795dc65b9",), finish_sending, ("3.3",)),
        Patch(COMMS, "CommsDecoder.asend", ("52e8f8a3ee1c07e0",), finish_sending_async, ("3.3",)),
        Patch(SUPERVISOR, "ActivitySubprocess.start", ("3b7c00d9ab984ddf",), share_stop, ("3.3",)),
        Patch(CLIENT, "TaskInstanceOperations.heartbeat", ("7f95ad1344a90b27",), note_stop, ("3.3",)),
    ),
)
