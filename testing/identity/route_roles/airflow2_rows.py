"""What the requests of the table route by role find in Airflow 2's database: for each DAG, what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from airflow.models.base import Base
from airflow.utils.session import create_session
from sqlalchemy import delete, func, insert, select

from testing.identity.route_roles.columns import DAGS, number_of

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
NO_ROW = "99999"
# The keys in the URLs of lists whose rows have several columns as their key, by the name of the list's view.
KEYS: dict[str, Callable[[str], list[Any]]] = {
    "TaskInstanceModelView": lambda dag: [dag, "task", "run", -1],
    "XComModelView": lambda dag: [number_of(dag), "task", -1, "key"],
    "SlaMissModelView": lambda dag: ["task", dag, {"_type": "datetime", "value": START.isoformat()}],
}
NUMBERED = ("ConnectionModelView", "DagRunModelView", "LogModelView", "PoolModelView", "VariableModelView")


def key_of(view: str, dag: str) -> str:
    """Return the key, in a URL of a view, of the row that belongs to a DAG; that of no row for views of other rows.

    Users and their roles are such other rows: those who ask must not change them.
    """
    if view in KEYS:
        return json.dumps(KEYS[view](dag))
    return str(number_of(dag)) if view in NUMBERED else NO_ROW


def file_of(dag: str) -> str:
    """Return where a DAG's file is, as a file token says it."""
    return f"/dags/{dag}.py"


def rows(number: int, dag: str) -> dict[str, dict[str, Any]]:
    """Return a DAG's row of each table, in an order in which they can be written; a number as key is the DAG's."""
    of_dag = {"id": number, "dag_id": dag}
    task = {"dag_id": dag, "task_id": "task", "run_id": "run", "map_index": -1}
    run = {"run_id": "run", "execution_date": START, "state": "running", "run_type": "manual"}
    limits = {
        "max_active_tasks": 1,
        "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": False,
    }
    key = {"dag_run_id": number, "key": "key", "value": b"1", "timestamp": START}
    return {
        "dag": {"dag_id": dag, "fileloc": file_of(dag), "is_active": True, "is_paused": False, **limits},
        "dag_run": {**of_dag, **run},
        "task_instance": {**task, "pool": "default_pool", "pool_slots": 1, "try_number": 1},
        "xcom": {**task, **key},
        "sla_miss": {"dag_id": dag, "task_id": "task", "execution_date": START},
        "log": {**of_dag, "event": "event", "dttm": START},
        "import_error": {
            "id": number,
            "filename": file_of(dag),
            "stacktrace": "Traceback",
            "timestamp": START,
        },
        "connection": {"id": number, "conn_id": f"connection{number}", "conn_type": "absent"},
        "variable": {"id": number, "key": f"variable{number}", "val": "1"},
        "slot_pool": {"id": number, "pool": f"pool{number}", "slots": 1, "include_deferred": False},
    }


def reset_rows() -> None:
    """Write the rows afresh if any is gone or new: a request of who may change them has done so."""
    tables = [Base.metadata.tables[name] for name in rows(1, DAGS[0])]
    counted = [table for table in tables if table.name != "log"]
    counts = select(*(select(func.count()).select_from(table).scalar_subquery() for table in counted))
    with create_session() as session:
        if set(session.execute(counts).one()) != {len(DAGS)}:
            for table in reversed(tables):
                session.execute(delete(table))
            for number, dag in enumerate(DAGS, 1):
                for name, row in rows(number, dag).items():
                    session.execute(insert(Base.metadata.tables[name]).values(row))
