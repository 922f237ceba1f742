"""Tests of the permissions of grants, and of the users that have them."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.identity.airflow2.permissions import GrantPermissions
from astro_runtime_plugin.identity.airflow2.user import FabUser
from astro_runtime_plugin.identity.roles.grant import DagRule, Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity

READ_DAGS, EDIT_DAGS = ("can_read", "DAGs"), ("can_edit", "DAGs")
LIMITED = Grant(None, (DagRule("finance_*", "edit"), DagRule("audit", "read")))


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        ("Viewer", READ_DAGS, EDIT_DAGS),
        ("User", EDIT_DAGS, ("can_read", "Configurations")),
        ("Op", ("can_edit", "Connections"), ("can_read", "Audit Logs")),
        ("Admin", ("can_list", "OperatorsOwnView"), None),
    ],
)
def test_roles_are_airflows(role: str, allowed: tuple[str, str], refused: tuple[str, str] | None) -> None:
    permissions = GrantPermissions(Grant(role))
    assert allowed in permissions
    assert refused is None or refused not in permissions


@pytest.mark.parametrize(
    ("pair", "allowed"),
    [
        (("can_read", "DAG:finance_x"), True),
        (("can_edit", "DAG:finance_x"), True),
        (("can_delete", "DAG:finance_x"), True),
        (("can_read", "DAG:audit"), True),
        (("can_edit", "DAG:audit"), False),
        (("can_read", "DAG:marketing"), False),
        (("menu_access", "DAG:finance_x"), False),
        (READ_DAGS, False),
        (("can_create", "DAG Runs"), True),
        (("can_read", "Website"), True),
        (("can_read", "Pools"), False),
        (("can_read", "Connections"), False),
    ],
)
def test_dag_rules_are_about_their_dags(pair: tuple[str, str], allowed: bool) -> None:
    assert (pair in GrantPermissions(LIMITED)) is allowed


def test_rules_to_read_run_nothing() -> None:
    permissions = GrantPermissions(Grant(None, (DagRule("*", "read"),)))
    assert ("can_read", "DAG Runs") in permissions
    assert ("can_create", "DAG Runs") not in permissions


def test_empty_grant_allows_nothing() -> None:
    permissions = GrantPermissions(Grant())
    assert len(permissions) == 0
    assert ("can_read", "Website") not in permissions


def test_set_works_like_one() -> None:
    permissions = GrantPermissions(Grant("Viewer"))
    assert {READ_DAGS} & permissions == {READ_DAGS}
    assert READ_DAGS in set(permissions)
    assert None not in permissions


def test_user_is_what_fab_expects() -> None:
    user = FabUser(7, UserIdentity("ann", "sub", "a@example.com", "Ann", "Lee"), LIMITED)
    assert (user.get_id(), user.id, user.username, user.get_name()) == ("7", 7, "ann", "ann")
    assert (user.get_full_name(), user.email, str(user)) == ("Ann Lee", "a@example.com", "Ann Lee")
    assert (user.is_active, user.is_anonymous, user.is_authenticated, user.roles) == (True, False, True, [])
    assert [role.name for role in FabUser(7, UserIdentity("ann", "sub"), Grant("Op")).roles] == ["Op"]


def test_user_without_names_is_shown_by_its_user_name() -> None:
    assert FabUser(7, UserIdentity("robot", "sub"), LIMITED).get_full_name() == "robot"
