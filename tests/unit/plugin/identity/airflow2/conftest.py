"""Airflow 2's web application in this process, with its own database, and a service of identities to put users into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from testing.identity.memory_service import MemoryService

ENVIRON = {
    "AIRFLOW__API__AUTH_BACKENDS": "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth",
    "AIRFLOW__CORE__AUTH_MANAGER": "astro_runtime_plugin.identity.airflow2.auth_manager.RuntimeAuthManager",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__WEBSERVER__BASE_URL": "https://airflow.example.com/air",
    "AIRFLOW__WEBSERVER__ENABLE_PROXY_FIX": "True",
    "AIRFLOW__WEBSERVER__SECRET_KEY": "a-key-of-the-tests",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER": "https://provider.example.com",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID": "airflow",
    "AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES": '{"claim": "roles", "Admin": ["admin"]}',
    "AIRFLOW__ASTRO_RUNTIME__PROXY_JWT_HEADER": "X-Proxy-Jwt",
    "AIRFLOW__ASTRO_RUNTIME__PROXY_JWKS_URL": "https://proxy.example.com/keys",
    "AIRFLOW__ASTRO_RUNTIME__PROXY_JWT_ISSUER": "https://proxy.example.com",
    "AIRFLOW__ASTRO_RUNTIME__PROXY_JWT_AUDIENCE": "airflow",
    "AIRFLOW__ASTRO_RUNTIME__PROXY_ADDRESSES": "10.1.0.0/16",
    "AIRFLOW__ASTRO_RUNTIME__ADMIN_TOKENS": "True",
}


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, once for all tests: it takes seconds to build."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRON.items():
            patch.setenv(name, value)
        use_database(patch, tmp_path_factory.mktemp("identity"))
        from airflow.www.app import create_app

        app = create_app()
        app.config["PROPAGATE_EXCEPTIONS"] = True
        create_session_table(app)
        yield app


def use_database(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make Airflow in this process use a new database of its own."""
    from airflow import settings
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from airflow.providers.fab.auth_manager import models  # noqa: F401 (its tables)

    engine = create_engine(f"sqlite:///{folder}/airflow.db", future=True)
    import_all_models()
    Base.metadata.create_all(engine)
    patch.setattr(settings, "engine", engine)
    maker = sessionmaker(autocommit=False, autoflush=False, bind=engine, expire_on_commit=False)
    patch.setattr(settings, "Session", scoped_session(maker))


def create_session_table(app: Any) -> None:
    """Create the table of Flask's sessions, which is in no metadata of Airflow's."""
    from airflow import settings

    app.session_interface.sql_session_model.__table__.create(settings.engine)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> MemoryService:
    """The service of identities, in place of the one that asks a provider."""
    memory = MemoryService()
    monkeypatch.setattr("astro_runtime_plugin.identity.sessions.process.service", lambda: memory)
    return memory


@pytest.fixture
def client(application: Flask, service: MemoryService) -> FlaskClient:
    """A browser without cookies."""
    return application.test_client()


@pytest.fixture
def manager(application: Flask) -> Any:
    """The auth manager of the application."""
    from airflow.www.extensions.init_auth_manager import get_auth_manager

    return get_auth_manager()
