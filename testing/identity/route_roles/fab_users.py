"""The users of stock FAB, on both lines: one a role, and those of a single DAG as Airflow documents them."""

from __future__ import annotations

from typing import Any

from testing.identity.route_roles.columns import EDITED, EDITOR, NOBODY, READ, READER, ROLES, USERS

Permissions = list[tuple[str, str]]


def add_users(manager: Any) -> None:
    """Add the users to a FAB security manager whose own roles are there."""
    roles = {role: manager.find_role(role) for role in ROLES}
    roles[EDITOR] = _add_role(
        manager, EDITOR, _single_dag(manager, EDITED, "User", ("can_read", "can_edit", "can_delete"))
    )
    roles[READER] = _add_role(manager, READER, _single_dag(manager, READ, "Viewer", ("can_read",)))
    roles[NOBODY] = _add_role(manager, NOBODY, [])
    for user in USERS:
        manager.add_user(user, user, user, f"{user}@example.com", roles[user], "password")


def _single_dag(manager: Any, dag: str, role: str, actions: tuple[str, ...]) -> Permissions:
    """Return a role's permissions with those on all DAGs replaced by `actions` on one."""
    of_role = next(config["perms"] for config in manager.ROLE_CONFIGS if config["role"] == role)
    others = [
        (action, resource) for action, resource in of_role if resource != "DAGs" or action.startswith("menu")
    ]
    return [*others, *((action, f"DAG:{dag}") for action in actions)]


def _add_role(manager: Any, name: str, permissions: Permissions) -> Any:
    role = manager.add_role(name)
    for action, resource in permissions:
        manager.add_permission_to_role(role, manager.create_permission(action, resource))
    return role
