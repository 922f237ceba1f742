"""A DAG at `max_active_runs` is unblocked when a run of any type ends.

Airflow counts all runs except those of backfills, and stores on the DAG whether they have reached the limit. It counts
again when a run ends, but not after a run that TriggerDagRunOperator started or that materialized an asset.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

MODULE = "airflow.jobs.scheduler_job_runner"
ID = "active-runs"
# The types of runs after which Airflow does not count again.
FORGOTTEN_TYPES = ("operator_triggered", "asset_materialization")
FINISHED = ("success", "failed")


def count_after_end(schedule: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_schedule_dag_run`."""

    @wraps(schedule)
    def schedule_and_count(runner: Any, dag_run: Any, session: Any) -> Any:
        callback = schedule(runner, dag_run, session)
        if dag_run.run_type in FORGOTTEN_TYPES and dag_run.state in FINISHED:
            attempt(ID, None, _count, runner, dag_run, session)
        return callback

    return schedule_and_count


def _count(runner: Any, dag_run: Any, session: Any) -> None:
    from airflow.models.dag import DagModel

    if dag_model := DagModel.get_dagmodel(dag_run.dag_id, session=session):
        runner._set_exceeds_max_active_runs(dag_model=dag_model, session=session)


FIX = Fix(
    id=ID,
    title="A DAG at `max_active_runs` goes on after a run that TriggerDagRunOperator started or that materialized an"
    " asset",
    symptom="A DAG at `max_active_runs` gets no scheduled run until its file is parsed again.",
    issue="https://github.com/apache/airflow/pull/73032",
    ends="Airflow counts the active runs again after each run that does not belong to a backfill.",
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
