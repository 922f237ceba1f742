"""The serialized DAGs that cannot be read: found by reading them, and forgotten when their rows change."""

from __future__ import annotations

import logging
import time
from typing import Any

log = logging.getLogger("astro_runtime")
RETRY = 300.0  # seconds after which an unchanged row is read again
Rows = frozenset[tuple[Any, ...]]  # the hash and time of each row of a DAG
# By DAG id: its rows, and the time of the failure in seconds of the monotonic clock.
unreadable: dict[str, tuple[Rows, float]] = {}
_warned: dict[str, Rows] = {}


def event_queue() -> Any:
    """Return the table of events that wait for a run: of assets in Airflow 3, of datasets in Airflow 2."""
    try:
        from airflow.models.asset import AssetDagRunQueue as Queue
    except ImportError:
        from airflow.models.dataset import DatasetDagRunQueue as Queue
    return Queue


def _separate_session() -> Any:
    """Return a session apart from the loop's, which must not be committed in between."""
    from airflow import settings
    from sqlalchemy.orm import Session

    return Session(settings.engine)


def examine_events() -> bool:
    """Read every DAG with events; return whether one of them is newly unreadable."""
    from sqlalchemy import select

    before = set(unreadable)
    with _separate_session() as session:
        names = session.scalars(select(event_queue().target_dag_id).distinct()).all()
    examine(names)
    return not set(unreadable) <= before


def examine(names: Any) -> None:
    """Read the latest row of each DAG, and note those that cannot be read."""
    from airflow.models.serialized_dag import SerializedDagModel

    with _separate_session() as session:
        for name in names:
            row = SerializedDagModel.get(name, session=session)
            try:
                _ = row and row.dag
            except Exception as error:
                note(name, error)


def note(name: str, error: Exception) -> None:
    """Record a DAG as unreadable, and warn once until its rows change."""
    rows = _rows([name]).get(name, frozenset())
    unreadable[name] = (rows, time.monotonic())
    if _warned.get(name) != rows:
        _warned[name] = rows
        log.warning(
            "astro-runtime: DAG %.250r is not scheduled: its serialized form cannot be read (%s)",
            name,
            type(error).__name__,
        )


def forget_changed() -> None:
    """Forget the DAGs whose rows have changed, or whose failure is long ago, so that they are read again."""
    if unreadable:
        rows, now = _rows([*unreadable]), time.monotonic()
        for name, (before, moment) in list(unreadable.items()):
            if rows.get(name, frozenset()) != before or now - moment > RETRY:
                del unreadable[name]


def _rows(names: list[str]) -> dict[str, Rows]:
    from airflow.models.serialized_dag import SerializedDagModel as Row
    from sqlalchemy import select

    rows: dict[str, Rows] = {}
    with _separate_session() as session:
        query = select(Row.dag_id, Row.dag_hash, Row.last_updated).where(Row.dag_id.in_(names))
        for name, *row in session.execute(query):
            rows[name] = rows.get(name, frozenset()) | {tuple(row)}
    return rows
