"""Airflow 3's web application in this process, without its database: its security, this room, and three routes.

The routes stand for Airflow's: one needs a login, one needs the role Op, and one needs neither.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import _AuthManagerState, create_auth_manager
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from airflow.api_fastapi.core_api.routes.public.auth import auth_router
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_configuration
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

SITE = "http://testserver"
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
SCRIPT = {"Accept": "application/json, text/plain, */*", "Sec-Fetch-Site": "same-origin"}
OTHER_SITE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}


def small_airflow3() -> FastAPI:
    """Return the application, put together as Airflow does it, with the auth manager of `[core] auth_manager`."""
    app = FastAPI()
    _AuthManagerState.instance = None
    manager = app.state.auth_manager = create_auth_manager()

    @app.get("/api/v2/me")
    def me(user: GetUserDep) -> dict[str, Any]:
        return {"name": user.get_name(), "role": user.grant.role}  # type: ignore[attr-defined]

    @app.post("/api/v2/me")
    def change_me(user: GetUserDep) -> str:
        return str(user.get_name())

    @app.get("/api/v2/config", dependencies=[Depends(requires_access_configuration("GET"))])
    def config() -> str:
        return "shown"

    @app.get("/api/v2/version")
    def version() -> str:
        return "3"

    @app.get("/execution/cookie")
    def cookie_of_task() -> str:
        return "untouched"

    app.include_router(auth_router, prefix="/api/v2")
    app.mount("/auth", manager.get_fastapi_app() or FastAPI())
    app.add_middleware(JWTRefreshMiddleware)
    for middleware, arguments in manager.get_fastapi_middlewares():
        app.add_middleware(middleware, **arguments)
    return app


def browser_of(app: FastAPI, peer: str = "127.0.0.1") -> TestClient:
    """Return a browser that stays where redirects lead it, at the address `peer`."""
    return TestClient(app, base_url=SITE, follow_redirects=False, client=(peer, 50000))
