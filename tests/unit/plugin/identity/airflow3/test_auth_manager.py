"""Tests of RuntimeAuthManager: every decision about a role is that of Airflow's FAB auth manager."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    ConnectionDetails,
    DagAccessEntity,
    DagDetails,
    PoolDetails,
    VariableDetails,
)
from airflow.api_fastapi.common.types import MenuItem
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

from astro_runtime_plugin.identity.airflow3.auth_manager import MENU, VIEWS, RuntimeAuthManager
from astro_runtime_plugin.identity.airflow3.dag_access import RESOURCES
from astro_runtime_plugin.identity.airflow3.permissions import role_pairs
from astro_runtime_plugin.identity.airflow3.user import RuntimeUser
from astro_runtime_plugin.identity.roles.grant import ROLES, DagRule, Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity

METHODS = ("GET", "POST", "PUT", "DELETE")
WITHOUT_PARTS = ("configuration", "connection", "asset", "asset_alias", "pool", "variable")
DETAILS = (None, DagDetails(), DagDetails(id="finance_pay"), DagDetails(id="finance_pay", team_name="team"))
manager, fab = RuntimeAuthManager(), FabAuthManager()


def user_with(grant: Grant) -> RuntimeUser:
    return RuntimeUser(UserIdentity("ann", "subject"), grant, 1e12)


def fab_user(*pairs: tuple[str, str]) -> Any:
    return SimpleNamespace(perms=set(pairs))


@pytest.fixture(params=ROLES)
def users(request: pytest.FixtureRequest) -> tuple[RuntimeUser, Any]:
    """A user of a role here, and one with the same role in FAB."""
    return user_with(Grant(request.param)), fab_user(*role_pairs(request.param))


@pytest.mark.parametrize(("method", "resource"), [*product(METHODS, WITHOUT_PARTS)])
def test_resource_is_allowed_as_by_fab(users: tuple[RuntimeUser, Any], method: str, resource: str) -> None:
    ours, stock = (getattr(each, f"is_authorized_{resource}") for each in (manager, fab))
    assert ours(method=method, user=users[0]) == stock(method=method, user=users[1])


@pytest.mark.parametrize(("method", "entity"), [*product(METHODS, (None, *DagAccessEntity))])
def test_dag_is_allowed_as_by_fab(
    users: tuple[RuntimeUser, Any], method: Any, entity: DagAccessEntity
) -> None:
    for details in DETAILS:
        ours = manager.is_authorized_dag(method=method, access_entity=entity, details=details, user=users[0])
        stock = fab.is_authorized_dag(method=method, access_entity=entity, details=details, user=users[1])
        assert ours == stock, details


@pytest.mark.parametrize("view", AccessView)
def test_view_is_allowed_as_by_fab(users: tuple[RuntimeUser, Any], view: AccessView) -> None:
    ours = manager.is_authorized_view(access_view=view, user=users[0])
    assert ours == fab.is_authorized_view(access_view=view, user=users[1])


def test_menu_is_that_of_fab(users: tuple[RuntimeUser, Any]) -> None:
    ours = manager.get_authorized_menu_items(user=users[0])
    assert ours == fab.filter_authorized_menu_items(list(MenuItem), user=users[1])


def test_every_name_of_airflow_is_known() -> None:
    assert set(VIEWS) == set(AccessView)
    assert set(RESOURCES) == set(DagAccessEntity)
    assert {item for item in MenuItem if item not in MENU} == {MenuItem.JOBS}  # the same word


@pytest.mark.parametrize(("method", "entity"), [*product(METHODS, (None, *DagAccessEntity))])
@pytest.mark.parametrize("access", ["read", "edit"])
def test_rule_for_a_dag_is_what_fab_gives_for_its_permissions(
    access: str, method: Any, entity: DagAccessEntity
) -> None:
    grant = Grant(dags=(DagRule("finance_*", access),))
    actions = ("can_read", "can_edit", "can_delete") if access == "edit" else ("can_read",)
    pairs = [(action, "DAG:finance_pay") for action in actions]
    stock_user = fab_user(*pairs, *_pairs_without_dags(grant))
    for dag_id in ("finance_pay", "marketing_mail", None):
        details = DagDetails(id=dag_id)
        ours = manager.is_authorized_dag(
            method=method, access_entity=entity, details=details, user=user_with(grant)
        )
        stock = fab.is_authorized_dag(method=method, access_entity=entity, details=details, user=stock_user)
        assert ours == stock, dag_id


def _pairs_without_dags(grant: Grant) -> frozenset[tuple[str, str]]:
    from astro_runtime_plugin.identity.airflow3.permissions import _pairs_of

    return _pairs_of(grant)


def test_dag_ids_are_filtered_by_pattern() -> None:
    ids = {"finance_pay", "finance_report", "marketing_mail"}
    grant = Grant(dags=(DagRule("finance_*", "read"), DagRule("*_pay", "edit")))
    user = user_with(grant)
    assert manager.filter_authorized_dag_ids(dag_ids=ids, user=user) == {"finance_pay", "finance_report"}
    assert manager.filter_authorized_dag_ids(dag_ids=ids, user=user, method="PUT") == {"finance_pay"}
    assert manager.filter_authorized_dag_ids(dag_ids=ids, user=user_with(Grant("Viewer"))) == ids
    assert manager.filter_authorized_dag_ids(dag_ids=ids, user=user_with(Grant())) == set()


def test_batches_are_allowed_only_as_a_whole() -> None:
    user = user_with(Grant("Viewer", (DagRule("finance_*", "edit"),)))
    request = {"method": "PUT", "access_entity": DagAccessEntity.RUN, "details": DagDetails(id="finance_pay")}
    other = {**request, "details": DagDetails(id="marketing_mail")}
    assert manager.batch_is_authorized_dag([request], user=user)  # type: ignore[list-item]
    assert not manager.batch_is_authorized_dag([request, other], user=user)  # type: ignore[list-item]
    assert manager.batch_is_authorized_pool([{"method": "GET", "details": PoolDetails(name="p")}], user=user)
    connection = {"method": "GET", "details": ConnectionDetails(conn_id="c")}
    assert not manager.batch_is_authorized_connection([connection], user=user)  # type: ignore[list-item]
    variable = {"method": "GET", "details": VariableDetails(key="v")}
    assert not manager.batch_is_authorized_variable([variable], user=user)  # type: ignore[list-item]


def test_filters_give_all_or_nothing() -> None:
    names = {"a", "b"}
    for role, expected in {"Op": names, "Viewer": set()}.items():
        user = user_with(Grant(role))
        assert manager.filter_authorized_connections(conn_ids=names, user=user) == expected
        assert manager.filter_authorized_variables(variable_keys=names, user=user) == expected
        assert manager.filter_authorized_pools(pool_names=names, user=user) == names


def test_roles_count_in_every_team() -> None:
    assert manager.filter_authorized_teams(teams_names={"a"}, user=user_with(Grant("Viewer"))) == {"a"}
    by_dag = user_with(Grant(dags=(DagRule("*", "read"),)))
    assert manager.filter_authorized_teams(teams_names={"a"}, user=by_dag) == set()
    assert manager._get_teams() == set()


def test_human_in_the_loop_knows_users_by_name() -> None:
    assert manager.is_authorized_hitl_task(assigned_users={"ann"}, user=user_with(Grant("User")))
    assert not manager.is_authorized_hitl_task(assigned_users={"bob"}, user=user_with(Grant("Admin")))


def test_refresh_does_nothing() -> None:
    assert manager.refresh_user(user=user_with(Grant("Viewer"))) is None


def test_no_session_id_is_printed() -> None:
    user = RuntimeUser(UserIdentity("ann", "s"), Grant("Op"), 0, "secret id")
    assert repr(user) == "RuntimeUser('ann', Op)"
