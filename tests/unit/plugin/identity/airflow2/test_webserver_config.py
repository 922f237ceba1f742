"""Tests of the operator's webserver_config.py: a login of its own is left alone, all else goes on working."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pytest_mock import MockerFixture

from astro_runtime_plugin.identity.airflow2 import auth_manager
from astro_runtime_plugin.identity.roles.grant import Grant
from testing.identity.flask_browser import BASE, PAGE, log_in

REMOTE_USER = "from flask_appbuilder.const import AUTH_REMOTE_USER\nAUTH_TYPE = AUTH_REMOTE_USER\n"
OWN_MANAGER = """
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

class OwnManager(FabAirflowSecurityManagerOverride):
    pass

SECURITY_MANAGER_CLASS = OwnManager
"""
THEME = """
from flask_appbuilder.const import AUTH_DB
AUTH_TYPE = AUTH_DB
WTF_CSRF_ENABLED = True
APP_THEME = "cyborg.css"
SESSION_COOKIE_NAME = "team"
AUTH_ROLE_PUBLIC = "Viewer"
"""
BuildApp = Callable[[str], Flask]


@pytest.fixture
def build_app(application: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildApp:
    """Return a function that builds another application, with the text of a webserver_config.py."""
    from airflow.www.app import create_app
    from airflow.www.extensions import init_auth_manager, init_session

    monkeypatch.setattr(init_auth_manager, "auth_manager", init_auth_manager.auth_manager)
    monkeypatch.setattr(init_session, "_session_interface", None)
    monkeypatch.setenv("AIRFLOW__WEBSERVER__CONFIG_FILE", str(tmp_path / "webserver_config.py"))
    monkeypatch.setenv("AIRFLOW__WEBSERVER__SESSION_BACKEND", "securecookie")

    def build(text: str) -> Flask:
        (tmp_path / "webserver_config.py").write_text(text)
        app: Flask = create_app()
        return app

    return build


@pytest.mark.parametrize(
    ("text", "name", "class_name"),
    [
        (REMOTE_USER, "AUTH_TYPE", "FabAirflowSecurityManagerOverride"),
        (OWN_MANAGER, "SECURITY_MANAGER_CLASS", "OwnManager"),
    ],
)
def test_own_login_is_left_alone_with_one_line(
    build_app: BuildApp, mocker: MockerFixture, text: str, name: str, class_name: str
) -> None:
    warning = mocker.patch.object(auth_manager.log, "warning")
    app: Any = build_app(text)
    warning.assert_called_once_with(auth_manager.LEFT_ALONE, name)
    assert type(app.appbuilder.sm).__name__ == class_name
    assert [backend.__name__.split(".")[-1] for backend in app.api_auth] == ["basic_auth"]
    assert f"{BASE}/identity/ended" not in {BASE + str(rule) for rule in app.url_map.iter_rules()}
    assert app.test_client().get(f"{BASE}/users/list/", headers=PAGE).status_code == 302


def test_all_else_in_it_works_with_the_provider(build_app: BuildApp, service: Any) -> None:
    app: Any = build_app(THEME)
    assert type(app.appbuilder.sm).__name__ == "RuntimeSecurityManager"
    assert app.appbuilder.app_theme == "cyborg.css"
    client = app.test_client()
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 200  # as the public Viewer
    assert client.get(f"{BASE}/api/v1/pools").status_code == 200
    assert client.get(f"{BASE}/api/v1/pools", headers={"Authorization": "Bearer forged"}).status_code == 401
    log_in(client, service, Grant("Admin"))
    stolen = client.get_cookie("team", path="/")
    assert stolen
    service.end("session-0")
    client.set_cookie("team", stolen.value, domain="localhost", path="/")
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 401
