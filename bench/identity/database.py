"""The database of a process that is measured: Airflow's tables, and DAGs."""

from __future__ import annotations

from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dag import DagModel
from airflow.utils.session import create_session

from testing.installed_line import LINE


def create_tables() -> None:
    """Create Airflow's tables, and those of FAB on Airflow 2."""
    import_all_models()
    if LINE == "2.11":
        from airflow.providers.fab.auth_manager import models as _fab_models  # noqa: F401
    Base.metadata.create_all(settings.engine)


def add_dags(count: int) -> None:
    """Add DAGs as a DAG processor records them."""
    with create_session() as session:
        if LINE == "3.3":
            from airflow.models.dagbundle import DagBundleModel

            session.add(DagBundleModel(name="bundle"))
            session.flush()
        for number in range(count):
            session.add(DagModel(dag_id=f"dag_{number:04}", fileloc=f"/dag_{number:04}.py", **_columns()))


def _columns() -> dict[str, object]:
    if LINE == "3.3":
        return {"bundle_name": "bundle", "is_stale": False}
    return {"is_active": True}
