"""Prints the table of Airflow 2 with the Runtime's auth manager."""

from __future__ import annotations

import json

from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.providers.fab.auth_manager import models as _fab_models  # noqa: F401 (its tables)
from airflow.www.app import create_app

from astro_runtime_plugin.identity.sessions import process
from testing.identity.route_roles.airflow2_client import Airflow2Client
from testing.identity.route_roles.columns import check_answer
from testing.identity.route_roles.runtime_users import create_service, headers


def main() -> None:
    """Make the database, put the users into the service, ask, and print."""
    import_all_models()
    Base.metadata.create_all(settings.engine)
    service = create_service()
    process.service = lambda: service  # type: ignore[assignment,return-value]
    print(json.dumps(Airflow2Client(create_app(), headers, check_answer).table()))


if __name__ == "__main__":
    main()
