"""A file whose parsing was killed says nothing about its DAGs, so none of them is deactivated.

Airflow records when a file was last parsed, even if that run was killed after its timeout, crashed or could not be
saved. `deactivate_stale_dags` compares this time with the time at which each DAG was saved, and concludes that every
DAG of the file was removed from it. This fix passes it only the times of runs that were saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

MANAGER = "airflow.dag_processing.manager"
ID = "stale-dags"
# When each file was last parsed with a result that was saved; keys as in the manager's _file_stats.
_saved: dict[Any, datetime] = {}
# Whether persist_parsing_result has returned since the last handle_parsing_result began.
_persistence = {"complete": False}


def record_persistence(persist: Callable[..., None]) -> Callable[..., None]:
    """Wrap `persist_parsing_result` of Airflow 3."""

    @wraps(persist)
    def record(*args: Any, **options: Any) -> None:
        persist(*args, **options)
        _persistence["complete"] = True

    return record


def record_result(handle: Callable[..., None]) -> Callable[..., None]:
    """Wrap `handle_parsing_result` of Airflow 3."""

    @wraps(handle)
    def record(manager: Any, file: Any, *args: Any, **options: Any) -> None:
        _persistence["complete"] = False
        handle(manager, file, *args, **options)
        if _persistence["complete"]:
            attempt(ID, None, _save_time, manager, file)

    return record


def record_collection(collect: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_collect_results_from_processor` of Airflow 2, whose child process saves the result."""

    @wraps(collect)
    def record(manager: Any, processor: Any) -> None:
        collect(manager, processor)
        if processor.result is not None:
            attempt(ID, None, _save_time, manager, processor.file_path)

    return record


def _save_time(manager: Any, file: Any) -> None:
    stats = manager._file_stats
    _saved[file] = stats[file].last_finish_time
    for removed in _saved.keys() - stats.keys():
        del _saved[removed]


def use_saved_times(deactivate: Callable[..., None]) -> Callable[..., None]:
    """Wrap `deactivate_stale_dags`: a method of Airflow 3, a class method of Airflow 2."""

    @wraps(deactivate)
    def deactivate_by_saved_times(owner: Any, last_parsed: Mapping[Any, Any], **options: Any) -> None:
        deactivate(owner, last_parsed=attempt(ID, last_parsed, saved_times, last_parsed), **options)

    return deactivate_by_saved_times


def saved_times(last_parsed: Mapping[Any, Any]) -> dict[Any, datetime]:
    """Return the saved time of each file that has one."""
    return {file: _saved[file] for file in last_parsed if file in _saved}


FIX = Fix(
    id=ID,
    title="A DAG file whose parsing crashes or takes too long keeps its DAGs active",
    symptom="One parsing run that exceeds `dag_file_processor_timeout` removes all DAGs of the file; scheduled tasks"
    " fail.",
    issue="https://github.com/apache/airflow/issues/49689",
    ends="Airflow passes `deactivate_stale_dags` only the times of parsing results that were saved.",
    patches=(
        Patch(
            MANAGER,
            "DagFileProcessorManager.persist_parsing_result",
            ("69e31b330c3b46b5",),
            record_persistence,
            ("3.3",),
        ),
        Patch(
            MANAGER,
            "DagFileProcessorManager.handle_parsing_result",
            ("deb161b20157776c",),
            record_result,
            ("3.3",),
        ),
        Patch(
            MANAGER,
            "DagFileProcessorManager._collect_results_from_processor",
            ("ca1c748b521c0c16",),
            record_collection,
            ("2.11",),
        ),
        Patch(
            MANAGER,
            "DagFileProcessorManager.deactivate_stale_dags",
            ("d48dfbe5269033b6", "e5f8dc6235a52786"),
            use_saved_times,
        ),
    ),
)
