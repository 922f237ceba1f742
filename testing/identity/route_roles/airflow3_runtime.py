"""Prints the table of Airflow 3 with the Runtime's auth manager."""

from __future__ import annotations

import json

from airflow import settings
from airflow.api_fastapi.app import create_app
from airflow.models import import_all_models
from airflow.models.base import Base

from astro_runtime_plugin.identity.sessions import process
from testing.identity.route_roles.airflow3_client import Airflow3Client
from testing.identity.route_roles.columns import check_answer
from testing.identity.route_roles.runtime_users import create_service, headers


def main() -> None:
    """Make the database, put the users into the service, ask, and print."""
    import_all_models()
    Base.metadata.create_all(settings.engine)
    service = create_service()
    process.service = lambda: service  # type: ignore[assignment,return-value]
    print(json.dumps(Airflow3Client(create_app(), headers, check_answer).table()))


if __name__ == "__main__":
    main()
