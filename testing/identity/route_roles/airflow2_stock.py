"""Prints the table of Airflow 2 with stock FAB: its own roles, and one for a user of a single DAG."""

from __future__ import annotations

import json
from typing import Any

from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.providers.fab.auth_manager import models as fab_models
from airflow.www.app import create_app
from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask.sessions import SecureCookieSessionInterface

from testing.identity.route_roles.airflow2_client import Airflow2Client
from testing.identity.route_roles.columns import USERS
from testing.identity.route_roles.fab_users import add_users


def main() -> None:
    """Make the database and the users, ask, and print."""
    import_all_models()
    Base.metadata.create_all(settings.engine)
    app = create_app()
    with app.app_context():
        users = load_users(get_auth_manager().security_manager)
    app.login_manager.user_loader(lambda user_id: users[int(user_id)])  # type: ignore[attr-defined]
    sign = SecureCookieSessionInterface().get_signing_serializer(app).dumps  # type: ignore[union-attr]
    cookies = {user.username: sign({"_user_id": str(user.id), "_fresh": True}) for user in users.values()}
    headers = {None: {}, **{user: {"Cookie": f"session={cookie}"} for user, cookie in cookies.items()}}
    print(json.dumps(Airflow2Client(app, headers.__getitem__).table()))


def load_users(manager: Any) -> dict[int, fab_models.User]:
    """Add the users, and return them by id with their permissions, which a request would spend most of its time on."""
    add_users(manager)
    users = [manager.find_user(user) for user in USERS]
    for user in users:
        assert user.perms is not None  # reads them
        manager.get_session.expunge(user)
    return {user.id: user for user in users}


if __name__ == "__main__":
    main()
