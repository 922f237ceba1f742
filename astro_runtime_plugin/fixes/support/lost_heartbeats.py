"""Last words about a heartbeat that did not come: from the scheduler, and from the supervisor that gives up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.last_words import ID
from astro_runtime_plugin.fixes.support.last_words import write_once


def report_lost_heartbeats(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 3's `_purge_task_instances_without_heartbeats`."""

    @wraps(purge)
    def purge_and_report(scheduler: Any, task_instances_without_heartbeats: Any, *, session: Any) -> None:
        limit = scheduler._task_instance_heartbeat_timeout_secs
        words = attempt(ID, [], _last_words, task_instances_without_heartbeats, limit)
        purge(scheduler, task_instances_without_heartbeats, session=session)
        _write_all(words)

    return purge_and_report


def report_zombies(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `_purge_zombies`."""

    @wraps(purge)
    def purge_and_report(scheduler: Any, zombies: Any, *, session: Any) -> None:
        instances = [zombie[0] for zombie in zombies]
        words = attempt(ID, [], _last_words, instances, scheduler._zombie_threshold_secs)
        purge(scheduler, zombies, session=session)
        _write_all(words)

    return purge_and_report


def _last_words(task_instances: Sequence[Any], limit: float) -> list[tuple[Any, str, str]]:
    """Return each try, its log's path and a text, before the scheduler's commit detaches what it has read."""
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


def _write_all(words: list[tuple[Any, str, str]]) -> None:
    for word in words:
        attempt(ID, None, write_once, *word)


def report_missed_heartbeats(handle: Callable[[Any, Exception], None]) -> Callable[[Any, Exception], None]:
    """Wrap Airflow 3's `_handle_heartbeat_failures`, which kills the task in the end, and logs that elsewhere."""

    @wraps(handle)
    def handle_and_report(process: Any, exc: Exception) -> None:
        was_alive = process._exit_code is None
        handle(process, exc)
        if was_alive and process._exit_code is not None:
            attempt(ID, None, _log_end, process, exc)

    return handle_and_report


def _log_end(process: Any, error: Exception) -> None:
    from astro_runtime_plugin.task_logs.last_words import describe_exit

    process.process_log.error(
        f"Heartbeat lost: the API server did not accept {process.failed_heartbeats} heartbeats"
        f" (the last one: {type(error).__name__}). The supervisor has stopped the task,"
        f" which {describe_exit(int(process._exit_code))}."
    )
