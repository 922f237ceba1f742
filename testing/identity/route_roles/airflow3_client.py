"""Asks Airflow 3's web application, in this process, which of its routes each user may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer

from testing.identity.route_roles.airflow3_routes import (
    EXECUTION,
    ApiRoute,
    ApiRouteRequest,
    build_request,
    execution_app,
    routes,
)
from testing.identity.route_roles.airflow3_rows import file_of, reset_rows
from testing.identity.route_roles.columns import ALL, EDITOR, Check, accept_answer, ask_columns

Headers = Callable[[str | None], dict[str, str]]  # those that a user sends; None for a visitor
REFUSED = (401, 403)
HIDDEN = "Backfill not found"  # Airflow's answer for a backfill whose DAG the user may not read


class Airflow3Client:
    """A client of an application; `headers` are those of a user's login; `check` looks at answers."""

    def __init__(self, app: FastAPI, headers: Headers, check: Check = accept_answer) -> None:
        self.app = app
        self.headers = headers
        self.check = check
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8080")
        self.sign = URLSafeSerializer(app.state.secret_key).dumps

    def table(self) -> dict[str, str]:
        """Return the marks of every route; the routes by which a user logs out are asked last."""
        reset_rows()
        self.loop.run_until_complete(self.enter_execution_app())
        table = routes(self.app)
        asked = {
            str(route): self.ask(route) for route in sorted(table, key=lambda route: "logout" in route.path)
        }
        self.ask_for_all_dags(table)
        return {str(route): asked[str(route)] for route in table}

    def ask_for_all_dags(self, table: list[ApiRoute]) -> None:
        """Read what EDITOR may see of all DAGs; raises AssertionError if that is more than its own."""
        reset_rows()
        for route in table:
            if route.method == "GET" and "{dag_id}" in route.path:
                self.is_allowed(EDITOR, build_request(route, ALL, str))

    async def enter_execution_app(self) -> None:
        """Start the API that tasks use, if it is there, which makes its routes at its first request."""
        app = execution_app(self.app)
        if app is None:
            return
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        await self.client.get(f"{EXECUTION}/health")

    def ask(self, route: ApiRoute) -> str:
        """Return the marks of a route."""
        return ask_columns(
            lambda dag: build_request(route, dag, lambda name: str(self.sign(file_of(name)))), self.is_allowed
        )

    def is_allowed(self, user: str | None, request: ApiRouteRequest) -> bool:
        """Whether a user's request is not refused; raises RuntimeError if it fails, which decides nothing."""
        if request.method == "DELETE":
            reset_rows()
        self.client.cookies.clear()
        response = self.loop.run_until_complete(
            self.client.request(
                request.method,
                request.url,
                content=request.body,
                headers={"Content-Type": "application/json", **self.headers(user)},
            )
        )
        if response.status_code >= 500:
            raise RuntimeError(f"{user}: {request} failed: {response.text}")
        self.check(user, str(request), response.text)
        return response.status_code not in REFUSED and HIDDEN not in response.text
