"""Airflow 2: what the database holds of a task instance, read and written in a session of its own.

Airflow's sessions stay without a transaction by this: all of a thread's are one and the same.
"""

from __future__ import annotations

from typing import Any

KEY = ("dag_id", "task_id", "run_id", "map_index")


def read_row(ti: Any, *columns: str) -> tuple[Any, ...]:
    """Return these columns of a task instance; None for each if it is gone. Raises the database's errors."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    key = {name: getattr(ti, name) for name in KEY}
    row = _first(select(*(getattr(TaskInstance, name) for name in columns)).filter_by(**key))
    return (None,) * len(columns) if row is None else tuple(row)


def has_dataset_events(ti: Any) -> bool:
    """Whether this try's dataset events are saved. Raises the database's errors."""
    from airflow.models.dataset import DatasetEvent
    from sqlalchemy import select

    event = select(DatasetEvent.id).where(
        *(getattr(DatasetEvent, f"source_{name}") == getattr(ti, name) for name in KEY),
        DatasetEvent.timestamp >= ti.start_date,
    )
    return _first(event.limit(1)) is not None


def delete_failures(ti: Any) -> None:
    """Delete the duration that is saved of this try's failure. Raises the database's errors."""
    from airflow.models.taskfail import TaskFail
    from sqlalchemy import delete

    failures = delete(TaskFail).where(
        *(getattr(TaskFail, name) == getattr(ti, name) for name in KEY), TaskFail.start_date == ti.start_date
    )
    with _session() as session:
        session.execute(failures.execution_options(synchronize_session=False))
        session.commit()


def _first(statement: Any) -> Any:
    with _session() as session:
        return session.execute(statement).first()


def _session() -> Any:
    from airflow import settings
    from sqlalchemy.orm import Session

    return Session(settings.engine)
