"""The permissions of a grant as FAB has them: pairs of an action and a resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from airflow.security.permissions import (
    ACTION_CAN_ACCESS_MENU,
    ACTION_CAN_CREATE,
    ACTION_CAN_DELETE,
    ACTION_CAN_EDIT,
    ACTION_CAN_READ,
    RESOURCE_BROWSE_MENU,
    RESOURCE_DAG,
    RESOURCE_DAG_CODE,
    RESOURCE_DAG_PREFIX,
    RESOURCE_DAG_RUN,
    RESOURCE_DAG_WARNING,
    RESOURCE_DOCS,
    RESOURCE_DOCS_MENU,
    RESOURCE_IMPORT_ERROR,
    RESOURCE_MY_PROFILE,
    RESOURCE_SLA_MISS,
    RESOURCE_TASK_INSTANCE,
    RESOURCE_TASK_LOG,
    RESOURCE_WEBSITE,
    RESOURCE_XCOM,
)

from astro_runtime_plugin.identity.roles.grant import Grant

Pair = tuple[str, str]
ADMIN = "Admin"
# By role, as Airflow documents them.
ROLE_PERMISSIONS: dict[str, frozenset[Pair]] = {
    row["role"]: frozenset(row["perms"]) for row in FabAirflowSecurityManagerOverride.ROLE_CONFIGS
}
# What a user whose rights are all by DAG needs to see these: Airflow filters it by the DAGs that the user may read.
READ_BY_DAG: frozenset[Pair] = frozenset(
    {
        *((ACTION_CAN_READ, resource) for resource in (
            RESOURCE_DAG_CODE,
            RESOURCE_DAG_RUN,
            RESOURCE_DAG_WARNING,
            RESOURCE_IMPORT_ERROR,
            RESOURCE_MY_PROFILE,
            RESOURCE_SLA_MISS,
            RESOURCE_TASK_INSTANCE,
            RESOURCE_TASK_LOG,
            RESOURCE_WEBSITE,
            RESOURCE_XCOM,
        )),
        *((ACTION_CAN_ACCESS_MENU, resource) for resource in (
            RESOURCE_BROWSE_MENU,
            RESOURCE_DAG,
            RESOURCE_DAG_RUN,
            RESOURCE_DOCS,
            RESOURCE_DOCS_MENU,
            RESOURCE_SLA_MISS,
            RESOURCE_TASK_INSTANCE,
        )),
    }
)  # fmt: skip
# What running DAGs needs; each request for a DAG also asks for the right to edit this DAG.
EDIT_BY_DAG: frozenset[Pair] = frozenset(
    (action, resource)
    for action in (ACTION_CAN_CREATE, ACTION_CAN_EDIT, ACTION_CAN_DELETE)
    for resource in (RESOURCE_DAG_RUN, RESOURCE_TASK_INSTANCE)
)
ACCESS_OF_ACTION = {ACTION_CAN_READ: "read", ACTION_CAN_EDIT: "edit", ACTION_CAN_DELETE: "edit"}


class GrantPermissions(Set[Pair]):
    """The pairs that a grant allows; those of its DAG patterns are in the set without being listed."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._pairs = listed_pairs(grant)

    def __contains__(self, pair: object) -> bool:
        # An Admin also has the permissions of the operator's own views, as in FAB.
        return self._grant.role == ADMIN or pair in self._pairs or self._is_of_dag(pair)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    @classmethod
    def _from_iterable(cls, pairs: Iterable[Pair]) -> frozenset[Pair]:  # type: ignore[override]
        return frozenset(pairs)

    def _is_of_dag(self, pair: object) -> bool:
        action, resource = pair if isinstance(pair, tuple) and len(pair) == 2 else ("", "")
        access = ACCESS_OF_ACTION.get(action)
        if access is None or not str(resource).startswith(RESOURCE_DAG_PREFIX):
            return False
        return self._grant.allows_dag(resource[len(RESOURCE_DAG_PREFIX) :], access)


def listed_pairs(grant: Grant) -> frozenset[Pair]:
    """Return the pairs of a grant, but for those of single DAGs."""
    pairs = ROLE_PERMISSIONS[grant.role] if grant.role else frozenset()
    if grant.dags:
        pairs |= READ_BY_DAG
    if any(rule.access == "edit" for rule in grant.dags):
        pairs |= EDIT_BY_DAG
    return pairs
