"""Prints the table of Airflow 3 with stock FabAuthManager: its own roles, and one for a user of a single DAG."""

from __future__ import annotations

import json
from functools import cache

from airflow import settings
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.providers.fab.auth_manager.models import User, metadata
from airflow.utils.session import create_session
from sqlalchemy import select

from testing.identity.route_roles.airflow3_client import Airflow3Client
from testing.identity.route_roles.fab_users import add_users


@cache
def headers(user: str | None) -> dict[str, str]:
    """Return the headers of a user with a token of Airflow's own."""
    if user is None:
        return {}
    with create_session() as session:
        row = session.scalar(select(User).where(User.username == user))
        return {"Authorization": f"Bearer {get_auth_manager().generate_jwt(row)}"}


def main() -> None:
    """Make the database and the users, ask, and print."""
    import_all_models()
    for tables in (Base.metadata, metadata):
        tables.create_all(settings.engine)
    app = create_app("core")  # the API that tasks use takes tokens of tasks, whatever the auth manager
    manager = get_auth_manager()
    with manager.flask_app.app_context():
        add_users(manager.security_manager)
    print(json.dumps(Airflow3Client(app, headers).table()))


if __name__ == "__main__":
    main()
