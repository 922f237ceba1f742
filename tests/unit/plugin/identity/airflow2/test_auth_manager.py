"""Tests of the auth manager: which login it leaves alone, and which DAGs a user may see."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.const import AUTH_DB, AUTH_LDAP, AUTH_OAUTH
from sqlalchemy import event

from astro_runtime_plugin.identity.airflow2.auth_manager import own_login
from astro_runtime_plugin.identity.airflow2.user import FabUser
from astro_runtime_plugin.identity.roles.grant import DagRule, Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity

DAGS = ("audit", "finance_x", "finance_x.sub", "marketing")
RULES = (DagRule("finance_*", "edit"), DagRule("audit", "read"))


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({}, None),
        ({"AUTH_TYPE": AUTH_DB, "APP_THEME": "x.css"}, None),
        ({"AUTH_TYPE": AUTH_LDAP}, "AUTH_TYPE"),
        ({"AUTH_TYPE": AUTH_OAUTH}, "AUTH_TYPE"),
        ({"SECURITY_MANAGER_CLASS": object}, "SECURITY_MANAGER_CLASS"),
    ],
)
def test_operators_own_login_is_left_alone(config: dict[str, Any], name: str | None) -> None:
    assert own_login(config) == name


@pytest.fixture(scope="module")
def dags(application: Flask) -> None:
    from airflow.models import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add_all([DagModel(dag_id=dag, is_active=True, owners="ann") for dag in DAGS])


@pytest.mark.usefixtures("dags")
@pytest.mark.parametrize(
    ("grant", "methods", "permitted"),
    [
        (Grant("Viewer"), ["GET"], DAGS),
        (Grant("Viewer"), ["PUT"], ()),
        (Grant("Viewer", RULES), ["PUT"], ("finance_x", "finance_x.sub")),
        (Grant("User"), None, DAGS),
        (Grant(None, RULES), None, ("audit", "finance_x", "finance_x.sub")),
        (Grant(None, RULES), ["PUT"], ("finance_x", "finance_x.sub")),
        (Grant(None, RULES), ["DELETE"], ()),
        (Grant(), None, ()),
    ],
)
def test_permitted_dags(manager: Any, grant: Grant, methods: list[str] | None, permitted: Any) -> None:
    user = FabUser(1, UserIdentity("ann", "sub"), grant)
    assert manager.get_permitted_dag_ids(methods=methods, user=user) == set(permitted)


def test_decisions_need_no_database(manager: Any) -> None:
    from airflow import settings
    from airflow.auth.managers.models.resource_details import DagAccessEntity, DagDetails

    def fail(*_: Any) -> None:
        raise AssertionError("a statement was sent")

    user = FabUser(1, UserIdentity("ann", "sub"), Grant(None, RULES))
    event.listen(settings.engine, "before_cursor_execute", fail)
    try:
        for dag, allowed in (("finance_x.sub", True), ("gone.sub", False), ("marketing", False)):
            details = DagDetails(id=dag)
            for entity in (None, DagAccessEntity.RUN, DagAccessEntity.TASK_INSTANCE):
                authorized = manager.is_authorized_dag(
                    method="GET", access_entity=entity, details=details, user=user
                )
                assert authorized is allowed
    finally:
        event.remove(settings.engine, "before_cursor_execute", fail)
