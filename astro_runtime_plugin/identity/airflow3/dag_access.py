"""Which DAGs a grant allows, and what about a DAG."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity

from astro_runtime_plugin.identity.airflow3.permissions import DAGS, allows
from astro_runtime_plugin.identity.roles.grant import EDIT, READ, Grant

# The resources of the permissions that a part of a DAG needs. Task instances need two since Airflow 2.
RESOURCES: dict[DagAccessEntity, tuple[str, ...]] = {
    DagAccessEntity.AUDIT_LOG: ("Audit Logs",),
    DagAccessEntity.CODE: ("DAG Code",),
    DagAccessEntity.DEPENDENCIES: ("DAG Dependencies",),
    DagAccessEntity.HITL_DETAIL: ("HITL Detail",),
    DagAccessEntity.RUN: ("DAG Runs",),
    DagAccessEntity.TASK: ("Task Instances",),
    DagAccessEntity.TASK_INSTANCE: ("DAG Runs", "Task Instances"),
    DagAccessEntity.TASK_LOGS: ("Task Logs",),
    DagAccessEntity.VERSION: ("DAG Versions",),
    DagAccessEntity.WARNING: ("DAG Warnings",),
    DagAccessEntity.XCOM: ("XComs",),
}
# By method, the access to a DAG that rules give; nobody creates a DAG through the API.
ACCESS = {"GET": READ, "PUT": EDIT, "DELETE": EDIT}


def allows_dag(grant: Grant, method: str, dag_id: str | None, entity: DagAccessEntity | None) -> bool:
    """Whether a grant allows a method on a DAG, or on a part of it; without an id, on any DAG.

    Airflow asks without an id first where it filters or checks the single DAGs later.
    """
    if entity and not all(
        allows(grant, method, resource) for resource in RESOURCES.get(entity, (entity.value,))
    ):
        return False
    if dag_id:
        return _allows_id(grant, ("GET" if method == "GET" else "PUT") if entity else method, dag_id)
    return bool(entity and method != "GET") or _allows_some(grant, method)


def authorized_ids(grant: Grant, method: str, dag_ids: set[str]) -> set[str]:
    """Return those of some DAGs on which a grant allows a method."""
    if allows(grant, method, DAGS):
        return set(dag_ids)
    return {dag_id for dag_id in dag_ids if _allows_id(grant, method, dag_id)} if grant.dags else set()


def _allows_id(grant: Grant, method: str, dag_id: str) -> bool:
    access = ACCESS.get(method)
    return allows(grant, method, DAGS) or bool(access and grant.allows_dag(dag_id, access))


def _allows_some(grant: Grant, method: str) -> bool:
    return allows(grant, method, DAGS) or (method == "GET" and bool(grant.dags))
