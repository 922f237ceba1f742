"""Last words about a supervisor of Airflow 3 that was killed: from the worker or the executor whose child it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.last_words import ID
from astro_runtime_plugin.fixes.support.last_words import describe_supervisor, kills, write_once


def report_lost_worker(fail: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Celery's `Request.on_failure`, which its main process calls for a child that is gone, too."""
    attempt(ID, None, kills.update)

    @wraps(fail)
    def report_and_fail(request: Any, exc_info: Any, *args: Any, **options: Any) -> Any:
        attempt(ID, None, _report_child, request, exc_info)
        return fail(request, exc_info, *args, **options)

    return report_and_fail


def _report_child(request: Any, exc_info: Any) -> None:
    import json
    import re
    from types import SimpleNamespace

    from billiard.exceptions import WorkerLostError  # type: ignore[import-untyped]

    from astro_runtime_plugin.task_logs.stdout import identity_of

    error = getattr(exc_info.exception, "exc", exc_info.exception)
    end = re.search(r"(signal|exitcode) (\d+)", str(error))
    if not isinstance(error, WorkerLostError) or not end or not isinstance(request.args[0], str):
        return
    workload = json.loads(request.args[0])
    if workload.get("type") == "ExecuteTask" and workload.get("log_path"):
        code = -int(end[2]) if end[1] == "signal" else int(end[2])
        task = identity_of(SimpleNamespace(**workload["ti"]))
        write_once(task, workload["log_path"], describe_supervisor(code, kills.value))
        kills.update()


def report_dead_workers(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `_check_workers` of LocalExecutor, which forgets its workers that have died."""

    @wraps(check)
    def report_and_check(executor: Any) -> None:
        attempt(ID, None, _report_workers, executor.workers)
        check(executor)

    return report_and_check


def _report_workers(workers: dict[int, Any]) -> None:
    dead = {pid: process.exitcode for pid, process in workers.items() if not process.is_alive()}
    if not dead:
        return
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.support.running_tries import take

    for pid, code in dead.items():
        running = take(conf.get("logging", "base_log_folder"), pid)
        if running:
            write_once(running.identity, running.path, describe_supervisor(code, running.kills))
