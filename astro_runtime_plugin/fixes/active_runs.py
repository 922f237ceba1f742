"""A DAG at `max_active_runs` is unblocked when a run of any type ends.

Airflow counts all runs but those of backfills, and stores on the DAG whether they have reached the limit. When a run
ends it counts again, but not after runs that an operator triggered or that materialize an asset.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

MODULE = "airflow.jobs.scheduler_job_runner"
ID = "active-runs"
FORGOTTEN = (
    "operator_triggered",
    "asset_materialization",
)  # types of runs after which Airflow does not count
FINISHED = ("success", "failed")


def count_after_end(schedule: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_schedule_dag_run`."""

    @wraps(schedule)
    def schedule_and_count(runner: Any, dag_run: Any, session: Any) -> Any:
        callback = schedule(runner, dag_run, session)
        counts = dag_run.run_type in FORGOTTEN and dag_run.state in FINISHED
        if counts and (error := attempt(ID, None, _count, runner, dag_run, session)):
            raise error
        return callback

    return schedule_and_count


def _count(runner: Any, dag_run: Any, session: Any) -> Exception | None:
    """Count the DAG's runs; return an error of the database, after which the caller must roll back and try again.

    Its transaction is of no use then, and the caller forbids a savepoint, which ends with a commit.
    """
    from airflow.models.dag import DagModel
    from sqlalchemy.exc import SQLAlchemyError

    try:
        if dag_model := DagModel.get_dagmodel(dag_run.dag_id, session=session):
            runner._set_exceeds_max_active_runs(dag_model=dag_model, session=session)
    except SQLAlchemyError as error:
        return error
    return None


FIX = Fix(
    id=ID,
    title="A DAG at `max_active_runs` goes on after a run that an operator triggered or that materializes an asset",
    symptom="A DAG at `max_active_runs` gets no scheduled run until its file is parsed again.",
    issue="https://github.com/apache/airflow/pull/73032",
    ends="Airflow counts the active runs again after each run that is not a backfill's.",
    patches=(
        Patch(
            MODULE,
            "SchedulerJobRunner._schedule_dag_run",
            ("246df0509d2c5ed9",),
            count_after_end,
            ("3.3",),
        ),
    ),
)
