"""What Airflow's roles may do, as the FAB provider documents it: pairs of an action and a resource."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from astro_runtime_plugin.identity.roles.grant import EDIT, ROLES, Grant

Pair = tuple[str, str]
CREATE, READ, CHANGE, DELETE, MENU = "can_create", "can_read", "can_edit", "can_delete", "menu_access"
ACTIONS = {"POST": CREATE, "GET": READ, "PUT": CHANGE, "DELETE": DELETE, "MENU": MENU}
DAGS, DAG_PREFIX = "DAGs", "DAG:"

# By role: what it may do besides what the next lower role may.
ADDED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Viewer": {
        READ: (
            *(DAGS, "DAG Dependencies", "DAG Code", "DAG Runs", "DAG Versions", "DAG Warnings"),
            *("Assets", "Asset Aliases", "Backfills", "Cluster Activity", "Pools", "ImportError", "Jobs"),
            *("My Password", "My Profile", "SLA Misses", "Task Instances", "Task Logs", "XComs"),
            *("HITL Detail", "Website"),
        ),
        CHANGE: ("My Password", "My Profile"),
        MENU: (
            *("Browse", DAGS, "DAG Dependencies", "DAG Runs", "Assets", "Cluster Activity", "Documentation"),
            *("Docs", "Jobs", "SLA Misses", "Task Instances"),
        ),
    },
    "User": {
        CREATE: ("Task Instances", "DAG Runs", "Assets"),
        CHANGE: (DAGS, "Task Instances", "DAG Runs", "HITL Detail"),
        DELETE: (DAGS, "Task Instances", "DAG Runs"),
    },
    "Op": {
        CREATE: ("Connections", "Pools", "Variables", "XComs", "Backfills"),
        READ: ("Configurations", "Connections", "Plugins", "Providers", "Variables"),
        CHANGE: ("Connections", "Pools", "Variables", "XComs", "Assets", "Backfills"),
        DELETE: ("Connections", "Pools", "Variables", "XComs", "Assets", "Backfills"),
        MENU: (
            *("Admin", "Configurations", "Connections", "Pools", "Plugins", "Variables", "Providers"),
            *("XComs", "HITL Detail"),
        ),
    },
    "Admin": {
        READ: (
            *("Audit Logs", "All Audit Logs", "All Import Errors", "All Reparses", "Task Reschedules"),
            *("Triggers", "Passwords", "Roles"),
        ),
        CHANGE: ("Passwords", "Roles"),
        MENU: ("Audit Logs", "Task Reschedules", "Triggers"),
    },
}
# What a user whose rights are all by DAG needs to see these DAGs; Airflow shows of it what belongs to readable DAGs.
READ_BY_DAG: Mapping[str, tuple[str, ...]] = {
    READ: (
        *("DAG Code", "DAG Dependencies", "DAG Runs", "DAG Versions", "DAG Warnings", "ImportError"),
        *("HITL Detail", "My Profile", "Task Instances", "Task Logs", "Website", "XComs"),
    ),
    MENU: ("Browse", DAGS, "DAG Runs", "Docs", "Documentation", "Task Instances"),
}
# What running DAGs needs; each request for a DAG also asks for the right to edit this DAG.
EDIT_BY_DAG: Mapping[str, tuple[str, ...]] = {
    CREATE: ("DAG Runs", "Task Instances"),
    CHANGE: ("DAG Runs", "Task Instances", "HITL Detail"),
    DELETE: ("DAG Runs", "Task Instances"),
}


def allows(grant: Grant, method: str, resource: str) -> bool:
    """Whether a grant allows a method (GET, POST, PUT, DELETE, MENU) on a resource as a whole."""
    return (ACTIONS.get(method, method), resource) in _pairs_of(grant)


def allows_custom(grant: Grant, method: str, resource: str) -> bool:
    """Whether a grant allows a method, or an action of a plugin's own, on a plugin's resource; an Admin has all."""
    return grant.role == ROLES[0] or allows(grant, method, resource)


@cache
def role_pairs(role: str) -> frozenset[Pair]:
    """Return all pairs of a role."""
    names = ROLES[ROLES.index(role) :]
    return frozenset().union(*(_pairs(ADDED[name]) for name in names))


def _pairs_of(grant: Grant) -> frozenset[Pair]:
    return _combined(grant.role, bool(grant.dags), any(rule.access == EDIT for rule in grant.dags))


@cache
def _combined(role: str | None, has_dags: bool, has_edit: bool) -> frozenset[Pair]:
    pairs = role_pairs(role) if role else frozenset()
    if has_dags:
        pairs |= _pairs(READ_BY_DAG)
    return pairs | _pairs(EDIT_BY_DAG) if has_edit else pairs


def _pairs(table: Mapping[str, tuple[str, ...]]) -> frozenset[Pair]:
    return frozenset((action, resource) for action, resources in table.items() for resource in resources)
