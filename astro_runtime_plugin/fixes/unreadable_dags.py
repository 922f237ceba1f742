"""A serialized DAG that cannot be read is skipped; the scheduler goes on with all others.

A row may need a plugin that this scheduler lacks, or come from a newer Airflow. Reading it raises an error in the
middle of the scheduler's loop. With this fix the DAG counts as missing, with one warning, and the queries that select
work leave out its runs and events until the row changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_error
from astro_runtime_plugin.fixes.support.unreadable_rows import (
    event_queue,
    examine,
    examine_events,
    forget_changed,
    note,
    unreadable,
)

MODULE, CLASS = "airflow.jobs.scheduler_job_runner", "SchedulerJobRunner"
DAG, DAG_RUN, DAG_BAG = "airflow.models.dag", "airflow.models.dagrun", "airflow.models.dagbag"
ID = "unreadable-dags"
# An unreadable DAG counts as missing while the scheduler's loop runs; everywhere else it remains an error.
_loop = {"runs": False}


def mark_loop(schedule: Callable[..., int]) -> Callable[..., int]:
    """Wrap `_do_scheduling`."""

    @wraps(schedule)
    def mark(*args: Any, **options: Any) -> int:
        _loop["runs"] = True
        try:
            return schedule(*args, **options)
        finally:
            _loop["runs"] = False

    return mark


def read_or_skip(read: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the reading of a row: `DBDagBag._read_dag` of Airflow 3, `DagBag.get_dag` of Airflow 2."""

    @wraps(read)
    def read_guarded(bag: Any, *args: Any, **options: Any) -> Any:
        try:
            return read(bag, *args, **options)
        except Exception as error:
            if not _loop["runs"] or is_database_error(error):
                raise
            row: Any = [*args, *options.values()][0]  # Airflow 2 passes the id by its name
            attempt(ID, None, note, getattr(row, "dag_id", row), error)
            return None

    return read_guarded


def note_if_unreadable(read: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_get_current_dag` of Airflow 3, which logs each failure and returns None."""

    @wraps(read)
    def read_and_note(runner: Any, dag_id: str, *args: Any, **options: Any) -> Any:
        dag = read(runner, dag_id, *args, **options)
        if dag is None:
            attempt(ID, None, examine, [dag_id])
        return dag

    return read_and_note


def leave_out(select_work: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a class method with a session that selects the runs to examine."""

    @wraps(select_work)
    def select_readable(owner: Any, *args: Any, **options: Any) -> Any:
        if not unreadable:
            return select_work(owner, *args, **options)
        with _exclusion(_session(args, options)):
            return select_work(owner, *args, **options)

    return select_readable


def leave_out_or_retry(select_work: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `dags_needing_dagruns`, which reads each DAG with events itself."""
    select_readable = leave_out(select_work)

    @wraps(select_work)
    def select_again(owner: Any, *args: Any, **options: Any) -> Any:
        try:
            return select_readable(owner, *args, **options)
        except Exception as error:
            if is_database_error(error) or not attempt(ID, False, examine_events):
                raise
        return select_readable(owner, *args, **options)

    return select_again


def _session(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return options.get("session") or next((value for value in args if hasattr(value, "scalars")), None)


@contextmanager
def _exclusion(session: Any) -> Iterator[None]:
    """Leave the runs and events of unreadable DAGs out of the session's queries."""
    from sqlalchemy import event

    attempt(ID, None, forget_changed)
    criteria = attempt(ID, [], _criteria) if unreadable and session else []
    if not criteria:
        yield
        return

    def add(execution: Any) -> None:
        if execution.is_select and not execution.is_column_load and not execution.is_relationship_load:
            execution.statement = execution.statement.options(*criteria)

    event.listen(session, "do_orm_execute", add)
    try:
        yield
    finally:
        event.remove(session, "do_orm_execute", add)


def _criteria() -> list[Any]:
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import with_loader_criteria

    names = sorted(unreadable)
    columns = (DagModel.dag_id, DagRun.dag_id, event_queue().target_dag_id)
    return [
        with_loader_criteria(column.class_, column.not_in(names), propagate_to_loaders=False)
        for column in columns
    ]


FIX = Fix(
    id=ID,
    title="A serialized DAG that cannot be read stops only its own scheduling",
    symptom="One DAG whose timetable plugin is missing, or that a newer Airflow has saved, stops all scheduling.",
    issue="https://github.com/apache/airflow/issues/56529",
    ends="Airflow's scheduler skips each DAG that it cannot read, in every step of its loop.",
    patches=(
        Patch(MODULE, f"{CLASS}._do_scheduling", ("51f71a9e8998cc17", "773571fb4f7eb9fb"), mark_loop),
        Patch(MODULE, f"{CLASS}._get_current_dag", ("11048bfb7e93925a",), note_if_unreadable, ("3.3",)),
        Patch(DAG_BAG, "DBDagBag._read_dag", ("cd9bb99c57eb93cb",), read_or_skip, ("3.3",)),
        Patch(DAG_BAG, "DagBag.get_dag", ("169b3646dbb2b883",), read_or_skip, ("2.11",)),
        Patch(
            DAG,
            "DagModel.dags_needing_dagruns",
            ("41f872e6dc2b383f", "d1ded60a1b010dd4"),
            leave_out_or_retry,
        ),
        Patch(DAG_RUN, "DagRun.get_running_dag_runs_to_examine", ("e408ccb8d0c8afb3",), leave_out, ("3.3",)),
        Patch(
            DAG_RUN, "DagRun.get_queued_dag_runs_to_set_running", ("2c49dd019cd6bda1",), leave_out, ("3.3",)
        ),
        Patch(DAG_RUN, "DagRun.next_dagruns_to_examine", ("d9f2ede15c80892f",), leave_out, ("2.11",)),
    ),
)
