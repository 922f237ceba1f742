"""What the requests of the table route by role find in Airflow 3's database: for each DAG, what belongs to it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.models.asset import AssetModel, TaskOutletAssetReference
from airflow.models.backfill import Backfill, ReprocessBehavior
from airflow.models.dag import DagModel, DagTag
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.dagwarning import DagWarning
from airflow.models.errors import ParseImportError
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import delete

from testing.identity.route_roles.columns import DAGS

BUNDLE = "bundle"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MODELS = (
    DagRun,
    DagTag,
    DagWarning,
    TaskOutletAssetReference,
    Backfill,
    Log,
    ParseImportError,
    AssetModel,
    DagModel,
    DagBundleModel,
)


def file_of(dag: str) -> dict[str, str]:
    """Return where a DAG's file is, as a file token says it."""
    return {"bundle_name": BUNDLE, "relative_fileloc": f"{dag}.py"}


def reset_rows() -> None:
    """Write the rows afresh: a request of who may delete them has deleted them."""
    with create_session() as session:
        for model in MODELS:
            session.execute(delete(model))
        session.add(DagBundleModel(name=BUNDLE))
        session.flush()
        for number, dag in enumerate(DAGS, 1):
            for rows in _rows(number, dag):
                session.add_all(rows)
                session.flush()


def _rows(number: int, dag: str) -> list[list[Any]]:
    """Return a DAG's rows, first those that others refer to; all that have a number as id have the DAG's."""
    asset = AssetModel(name=f"asset{number}", uri=f"x-scheme://asset{number}", group="asset", id=number)
    return [
        [DagModel(dag_id=dag, fileloc=f"/{dag}.py", is_stale=False, **file_of(dag)), asset],
        [
            DagTag(name=f"tag of {dag}", dag_id=dag),
            DagWarning(dag, "non-existent pool", f"warning of {dag}"),
            DagRun(dag_id=dag, run_id=f"run_of_{dag}", run_type="manual", run_after=START, state="running"),
            TaskOutletAssetReference(asset_id=number, dag_id=dag, task_id="task"),
            Log(id=number, event="event", dag_id=dag),
            ParseImportError(
                id=number,
                bundle_name=BUNDLE,
                filename=f"{dag}.py",
                stacktrace="Traceback",
                timestamp=START,
            ),
            Backfill(
                id=number,
                dag_id=dag,
                from_date=START,
                to_date=START,
                max_active_runs=1,
                dag_run_conf={},
                reprocess_behavior=ReprocessBehavior.NONE,
            ),
        ],
    ]
