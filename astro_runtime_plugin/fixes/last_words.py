"""The log of a try that was ended from outside says so in its last line, and says what is known of the cause.

Airflow writes why a task ended into its log as long as its supervisor lives. If the supervisor is gone as well, its
worker, its executor or the scheduler finds out, and logs it where few look. Here it also reaches the task's log: on the
machine of the log if there is the file, else through the store of `[astro_runtime] task_logs`, if one is set.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from signal import SIGKILL
from typing import Any

from astro_runtime_plugin.fixes.application import check_source
from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "last-words"
SUPERVISOR = "airflow.sdk.execution_time.supervisor"
SCHEDULER = "airflow.jobs.scheduler_job_runner"
KUBERNETES = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
MAX_NOTED = 10_000
# The tries whose words are written: the scheduler finds a lost heartbeat again until the try's state has changed.
_noted: OrderedDict[Any, None] = OrderedDict()
# The kernel's count of processes killed for lack of memory, when this process began with a task or last looked.
_kills: list[int | None] = [None]


def say_once(task: Any, path: str, text: str) -> None:
    """Write last words, unless this process has written some for the try."""
    from astro_runtime_plugin.fixes.support.try_log import say

    if (task, path) not in _noted:
        _noted[task, path] = None
        if len(_noted) > MAX_NOTED:
            _noted.popitem(last=False)
        say(task, path, text)


def tell_lost_heartbeats(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 3's `_purge_task_instances_without_heartbeats`."""

    @wraps(purge)
    def purge_and_tell(scheduler: Any, task_instances_without_heartbeats: Any, *, session: Any) -> None:
        limit = scheduler._task_instance_heartbeat_timeout_secs
        words = attempt(ID, [], _heartbeats, task_instances_without_heartbeats, limit)
        purge(scheduler, task_instances_without_heartbeats, session=session)
        for word in words:
            attempt(ID, None, say_once, *word)

    return purge_and_tell


def tell_zombies(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `_purge_zombies`."""

    @wraps(purge)
    def purge_and_tell(scheduler: Any, zombies: Any, *, session: Any) -> None:
        instances = [zombie[0] for zombie in zombies]
        words = attempt(ID, [], _heartbeats, instances, scheduler._zombie_threshold_secs)
        purge(scheduler, zombies, session=session)
        for word in words:
            attempt(ID, None, say_once, *word)

    return purge_and_tell


def _heartbeats(task_instances: Sequence[Any], limit: float) -> list[tuple[Any, str, str]]:
    """Return what to say: before the scheduler has committed, which lets go of what it has read."""
    from astro_runtime_plugin.fixes.support.try_log import path_of
    from astro_runtime_plugin.task_logs.last_words import lost_heartbeat
    from astro_runtime_plugin.task_logs.stdout import identity_of

    return [
        (
            identity_of(instance),
            path_of(instance),
            lost_heartbeat(
                limit, getattr(instance, "last_heartbeat_at", None), instance.hostname, instance.pid
            ),
        )
        for instance in task_instances
    ]


def tell_missed_heartbeats(handle: Callable[[Any, Exception], None]) -> Callable[[Any, Exception], None]:
    """Wrap Airflow 3's `_handle_heartbeat_failures`, which kills the task in the end, and logs that elsewhere."""

    @wraps(handle)
    def handle_and_tell(process: Any, exc: Exception) -> None:
        was_alive = process._exit_code is None
        handle(process, exc)
        if was_alive and process._exit_code is not None:
            attempt(ID, None, _tell_missed, process, exc)

    return handle_and_tell


def _tell_missed(process: Any, error: Exception) -> None:
    from astro_runtime_plugin.task_logs.last_words import describe_exit

    process.process_log.error(
        f"Heartbeat lost: the API server did not take {process.failed_heartbeats} heartbeats"
        f" (the last one: {type(error).__name__}). The supervisor has stopped the task,"
        f" which {describe_exit(int(process._exit_code))}."
    )


def note_kills(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Airflow 2's `StandardTaskRunner.start`."""

    @wraps(start)
    def note(runner: Any) -> Any:
        attempt(ID, None, _count)
        return start(runner)

    return note


def _count() -> None:
    from astro_runtime_plugin.fixes.support.memory_kills import count_kills

    _kills[:] = [count_kills()]


def tell_memory(handle: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    """Wrap `handle_task_exit` of Airflow 2's LocalTaskJob, which logs the exit code and supposes a lack of memory."""

    @wraps(handle)
    def handle_and_tell(job: Any, return_code: int) -> None:
        if return_code == -SIGKILL:
            attempt(ID, None, _tell_memory, job)
        handle(job, return_code)

    return handle_and_tell


def _tell_memory(job: Any) -> None:
    from astro_runtime_plugin.fixes.support.memory_kills import describe_kills

    job.log.error(describe_kills(_kills[0]))


class NotingOs:
    """The module `os` as an executor's module of Airflow 2 sees it; it notes the last status of a child."""

    def __init__(self) -> None:
        self.status = 0

    def __getattr__(self, name: str) -> Any:
        """Return what `os` has."""
        return getattr(os, name)

    def waitpid(self, pid: int, options: int) -> tuple[int, int]:
        """Wait as `os.waitpid` does."""
        result = os.waitpid(pid, options)
        self.status = result[1]
        return result


def undecorated(function: Any) -> Any:
    """Return the function within Airflow 2's decorator `span`, whose source says nothing about it.

    Raises DifferentSourceError unless it is the one that this fix was proven against.
    """
    if function.__qualname__ != "span.<locals>.wrapper":
        return function
    inner = next(cell.cell_contents for cell in function.__closure__ if callable(cell.cell_contents))
    check_source(EXECUTE_LOCALLY, inner)
    return inner


def tell_supervisor_of_command(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what forks LocalTaskJob, the supervisor of Airflow 2, in a worker of either executor, and waits for it."""
    noting = undecorated(execute).__globals__["os"] = NotingOs()

    def tell(*args: Any) -> None:
        if noting.status:
            command = next(arg for arg in args if isinstance(arg, (list, tuple)))
            attempt(ID, None, _tell_command, command, os.waitstatus_to_exitcode(noting.status))

    @wraps(execute)
    def execute_and_tell(*args: Any, **options: Any) -> Any:
        noting.status = 0
        attempt(ID, None, _count)
        try:
            return execute(*args, **options)
        finally:
            tell(*args, *options.values())

    return execute_and_tell


def _tell_command(command: Sequence[str], code: int) -> None:
    from astro_runtime_plugin.fixes.support.try_log import try_of_command

    task_try = try_of_command(command)
    if task_try:
        say_once(*task_try, _lost_supervisor(code))


def _lost_supervisor(code: int) -> str:
    from astro_runtime_plugin.fixes.support.memory_kills import describe_kills
    from astro_runtime_plugin.task_logs.last_words import lost_supervisor

    return lost_supervisor(code, describe_kills(_kills[0]) if code == -SIGKILL else "")


def tell_lost_worker(fail: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Celery's `Request.on_failure`, which its main process calls for a child that is gone, too."""
    attempt(ID, None, _count)

    @wraps(fail)
    def fail_and_tell(request: Any, exc_info: Any, *args: Any, **options: Any) -> Any:
        attempt(ID, None, _tell_lost_worker, request, exc_info)
        return fail(request, exc_info, *args, **options)

    return fail_and_tell


def _tell_lost_worker(request: Any, exc_info: Any) -> None:
    import json
    import re
    from types import SimpleNamespace

    from billiard.exceptions import WorkerLostError  # type: ignore[import-untyped]

    from astro_runtime_plugin.task_logs.stdout import identity_of

    error = getattr(exc_info.exception, "exc", exc_info.exception)
    ended = re.search(r"(signal|exitcode) (\d+)", str(error))
    if not isinstance(error, WorkerLostError) or not ended or not isinstance(request.args[0], str):
        return
    workload = json.loads(request.args[0])
    if workload.get("type") == "ExecuteTask" and workload.get("log_path"):
        code = -int(ended[2]) if ended[1] == "signal" else int(ended[2])
        words = _lost_supervisor(code)
        say_once(identity_of(SimpleNamespace(**workload["ti"])), workload["log_path"], words)
        _count()


def note_try(run: Callable[..., int]) -> Callable[..., int]:
    """Wrap `BaseExecutor.run_workload`, in which a worker of Airflow 3's LocalExecutor supervises a task."""

    @wraps(run)
    def note_and_run(workload: Any, **options: Any) -> int:
        from astro_runtime_plugin.fixes.support.running_tries import noted

        with noted(attempt(ID, None, _note, workload)):
            return run(workload, **options)

    return note_and_run


def _note(workload: Any) -> Path | None:
    from multiprocessing import parent_process

    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.support.memory_kills import count_kills
    from astro_runtime_plugin.fixes.support.running_tries import RunningTry, note
    from astro_runtime_plugin.task_logs.stdout import identity_of

    if parent_process() is None or workload.type != "ExecuteTask" or not workload.log_path:
        return None
    running = RunningTry(identity=identity_of(workload.ti), path=workload.log_path, kills=count_kills())
    return note(conf.get("logging", "base_log_folder"), running)


def tell_dead_workers(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `_check_workers` of Airflow 3's LocalExecutor, which forgets its workers that have died."""

    @wraps(check)
    def tell_and_check(executor: Any) -> None:
        attempt(ID, None, _tell_dead_workers, executor.workers)
        check(executor)

    return tell_and_check


def _tell_dead_workers(workers: dict[int, Any]) -> None:
    dead = {pid: process.exitcode for pid, process in workers.items() if not process.is_alive()}
    if not dead:
        return
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.support.running_tries import take

    for pid, code in dead.items():
        running = take(conf.get("logging", "base_log_folder"), pid)
        if running:
            _kills[:] = [running.kills]
            say_once(running.identity, running.path, _lost_supervisor(code))


def tell_lost_pod(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._change_state`, which gets what its watcher knows of a pod that has failed."""

    @wraps(change)
    def change_and_tell(executor: Any, results: Any, **options: Any) -> None:
        if str(results.state) == "failed":
            attempt(ID, None, _tell_lost_pod, results)
        change(executor, results, **options)

    return change_and_tell


def _tell_lost_pod(results: Any) -> None:
    from astro_runtime_plugin.fixes.support.try_log import find_try
    from astro_runtime_plugin.task_logs.last_words import lost_pod

    text = lost_pod(results.pod_name, results.failure_details)
    task_try = find_try(results.key) if text and hasattr(results.key, "dag_id") else None
    if task_try:
        say_once(*task_try, text)


def add_disruption(collect: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `collect_pod_failure_details`, which leaves out that Kubernetes itself has ended the pod, and why."""

    @wraps(collect)
    def collect_all(pod: Any, logger: Any) -> Any:
        details = collect(pod, logger)
        return attempt(ID, details, _with_disruption, details, pod)

    return collect_all


def _with_disruption(details: Any, pod: Any) -> Any:
    disrupted = [
        condition
        for condition in pod.status.conditions or ()
        if condition.type == "DisruptionTarget" and condition.status == "True"
    ]
    if details is None or details.get("pod_reason") or not disrupted:
        return details
    return {**details, "pod_reason": disrupted[0].reason, "pod_message": disrupted[0].message}


EXECUTE_LOCALLY = Patch(
    "airflow.executors.local_executor",
    "LocalWorkerBase._execute_work_in_fork",
    ("7cd4149bcee4b71c", "f0f257f8cc6e94ce"),  # the second is that of the decorator
    tell_supervisor_of_command,
    ("2.11",),
)
FIX = Fix(
    id=ID,
    title="The log of a task that was killed from outside says so in its last line, with what is known of the cause",
    symptom="A task failed, and its log just broke off: its supervisor, worker, pod or machine was gone.",
    issue="https://github.com/apache/airflow/issues/73164",
    ends="Airflow writes into the task's log that a heartbeat was lost, or that a supervisor or a pod was killed.",
    patches=(
        Patch(
            SUPERVISOR,
            "ActivitySubprocess._handle_heartbeat_failures",
            ("78a72b8b5af7fd87",),
            tell_missed_heartbeats,
            ("3.3",),
        ),
        Patch(
            SCHEDULER,
            "SchedulerJobRunner._purge_task_instances_without_heartbeats",
            ("0a9e6d3ccc46747a",),
            tell_lost_heartbeats,
            ("3.3",),
        ),
        Patch(SCHEDULER, "SchedulerJobRunner._purge_zombies", ("44842a419cd0355e",), tell_zombies, ("2.11",)),
        Patch(
            "celery.worker.request", "Request.on_failure", ("8d61fddb37c2392c",), tell_lost_worker, ("3.3",)
        ),
        Patch(
            "airflow.task.task_runner.standard_task_runner",
            "StandardTaskRunner.start",
            ("abcc8cb699380848",),
            note_kills,
            ("2.11",),
        ),
        Patch(
            "airflow.jobs.local_task_job_runner",
            "LocalTaskJobRunner.handle_task_exit",
            ("503f78ba10ae6d33",),
            tell_memory,
            ("2.11",),
        ),
        EXECUTE_LOCALLY,
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor._check_workers",
            ("c7090db880e7e2a7",),
            tell_dead_workers,
            ("3.3",),
        ),
        Patch(
            "airflow.executors.base_executor",
            "BaseExecutor.run_workload",
            ("e84e8f0e20118016",),
            note_try,
            ("3.3",),
        ),
        Patch(
            "airflow.providers.celery.executors.celery_executor_utils",
            "_execute_in_fork",
            ("4a4765e7b15ef451",),
            tell_supervisor_of_command,
            ("2.11",),
        ),
        Patch(
            KUBERNETES,
            "KubernetesExecutor._change_state",
            ("3d2129a79ff5a0b2", "c875c56ed1b86ac8"),  # the second: provider 10.23, for Python 3.10
            tell_lost_pod,
        ),
        Patch(f"{KUBERNETES}_utils", "collect_pod_failure_details", ("7d94bf6fd40be84d",), add_disruption),
    ),
)
