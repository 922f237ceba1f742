"""The same users with the Runtime's managers: each has a grant, and its name is the Bearer token of its login."""

from __future__ import annotations

from astro_runtime_plugin.identity.roles.grant import EDIT, DagRule, Grant
from astro_runtime_plugin.identity.roles.grant import READ as READ_ACCESS
from testing.identity.memory_service import MemoryService
from testing.identity.route_roles.columns import EDITED, EDITOR, NOBODY, READ, READER, ROLES

GRANTS = {
    **{role: Grant(role) for role in ROLES},
    EDITOR: Grant(dags=(DagRule(EDITED, EDIT),)),
    READER: Grant(dags=(DagRule(READ, READ_ACCESS),)),
    NOBODY: Grant(),
}


def create_service() -> MemoryService:
    """Return a service of identities that takes the users' tokens."""
    service = MemoryService()
    for user, grant in GRANTS.items():
        service.add(user, user, grant)
    return service


def headers(user: str | None) -> dict[str, str]:
    """Return the headers of a user's request."""
    return {"Authorization": f"Bearer {user}"} if user else {}
