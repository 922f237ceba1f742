"""Tests of identity/airflow3/permissions.py: the roles are what the FAB provider documents."""

from __future__ import annotations

import pytest
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

from astro_runtime_plugin.identity.airflow3.permissions import allows, allows_custom, role_pairs
from astro_runtime_plugin.identity.roles.grant import ROLES, DagRule, Grant

DOCUMENTED = {row["role"]: frozenset(row["perms"]) for row in FabAirflowSecurityManagerOverride.ROLE_CONFIGS}
READER = Grant(dags=(DagRule("finance_*", "read"),))
EDITOR = Grant(dags=(DagRule("finance_*", "edit"),))


def test_roles_are_those_of_fab() -> None:
    assert set(DOCUMENTED) - {"Public"} == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_role_has_the_documented_permissions(role: str) -> None:
    assert role_pairs(role) == DOCUMENTED[role]


def test_nobody_may_anything() -> None:
    assert not allows(Grant(), "GET", "Website")
    assert not allows_custom(Grant(), "GET", "Website")


@pytest.mark.parametrize("grant", [READER, EDITOR])
def test_rights_by_dag_open_nothing_that_is_not_about_dags(grant: Grant) -> None:
    for resource in ("Connections", "Variables", "Pools", "Configurations", "Jobs", "Assets", "Audit Logs"):
        assert not any(allows(grant, method, resource) for method in ("GET", "POST", "PUT", "DELETE", "MENU"))
    assert allows(grant, "GET", "Website")
    assert not allows(grant, "GET", "DAGs")


def test_only_an_editor_of_dags_may_run() -> None:
    assert not allows(READER, "POST", "DAG Runs")
    assert allows(EDITOR, "POST", "DAG Runs")
    assert allows(EDITOR, "PUT", "HITL Detail")


def test_rights_by_dag_add_to_a_role() -> None:
    both = Grant("Viewer", EDITOR.dags)
    assert allows(both, "GET", "Pools")
    assert allows(both, "POST", "DAG Runs")


def test_admin_has_permissions_of_plugins() -> None:
    assert allows_custom(Grant("Admin"), "can_do", "My View")
    assert not allows_custom(Grant("Op"), "can_do", "My View")
    assert allows_custom(Grant("Viewer"), "GET", "My Profile")
