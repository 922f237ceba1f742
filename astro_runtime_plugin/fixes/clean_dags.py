"""`airflow db clean` skips a DAG whose task instances stay: deleting it would violate a foreign key.

Deleting a row of `dag` also deletes its rows of `dag_version`, which the database refuses while a task instance refers
to one of them. Airflow already skips such rows when it cleans `dag_version` itself. A later clean-up deletes the row of
the DAG, once its task instances are old enough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

MODULE = "airflow.utils.db_cleanup"
ID = "clean-dags"


def leave_out_dags_in_use(build: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_build_query`, which returns the query for the rows of a table that are to be deleted."""

    @wraps(build)
    def build_without(*, orm_model: Any, extra_filters: list[Any] | None = None, **options: Any) -> Any:
        if orm_model.name == "dag":
            extra_filters = [*(extra_filters or []), *attempt(ID, [], _conditions)]
        return build(orm_model=orm_model, extra_filters=extra_filters, **options)

    return build_without


def _conditions() -> list[Any]:
    """Return the condition that no task instance refers to a version of the DAG; `base` is the cleaned table."""
    from sqlalchemy import column, exists, literal_column, select, table

    version = table("dag_version", column("id"), column("dag_id"))
    task = table("task_instance", column("dag_version_id"))
    of_dag = select(version.c.id).join(task, task.c.dag_version_id == version.c.id)
    return [~exists(of_dag.where(version.c.dag_id == literal_column("base.dag_id")))]


FIX = Fix(
    id=ID,
    title="`airflow db clean` skips DAGs whose task instances stay, instead of aborting",
    symptom="`airflow db clean` ends with a foreign key violation on the table `dag`.",
    issue="https://github.com/apache/airflow/issues/71864",
    ends="Airflow's `db clean` deletes no DAG with a version that a task instance refers to.",
    patches=(Patch(MODULE, "_build_query", ("b5f572b9000f7d05",), leave_out_dags_in_use, ("3.3",)),),
)
