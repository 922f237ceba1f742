"""Asks Airflow 2's web application, in this process, which of its routes each user may use."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from airflow.www.auth import get_access_denied_message
from connexion.spec import Specification
from flask import Flask, message_flashed
from flask_appbuilder.const import FLAMSG_ERR_SEC_ACCESS_DENIED
from itsdangerous import URLSafeSerializer
from jinja2 import FunctionLoader

from testing.identity.route_roles.airflow2_routes import FlaskRoute, FlaskRouteRequest, build_request, routes
from testing.identity.route_roles.airflow2_rows import file_of, reset_rows
from testing.identity.route_roles.columns import ALL, EDITOR, NOBODY, Check, accept_answer, ask_columns

Headers = Callable[["str | None"], "dict[str, str]"]  # those that a user sends; None for a visitor
CHANGES = {"delete", "action"}  # parts of the URLs that change something by GET too
EMPTY_DOCUMENT = SimpleNamespace(raw={})
REFUSED = (401, 403)
DENIED = {get_access_denied_message(), FLAMSG_ERR_SEC_ACCESS_DENIED}


class Airflow2Client:
    """A client of an application; `headers` are those of a user's login; `check` looks at answers.

    Pages are empty, because whether a user may see one is decided before, and no form needs a CSRF token, whose absence
    would be noticed before the user.
    """

    def __init__(self, app: Flask, headers: Headers, check: Check = accept_answer) -> None:
        self.app = app
        self.headers = headers
        self.check = check
        app.jinja_env.loader = FunctionLoader(lambda _: "")
        Specification.with_base_path = lambda *_: EMPTY_DOCUMENT  # a real one takes a second
        app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=True)
        self.sign = URLSafeSerializer(app.config["SECRET_KEY"]).dumps
        self.client = app.test_client(use_cookies=False)
        self.messages: list[str] = []
        message_flashed.connect(self.note_message, app)

    def note_message(self, _: Flask, message: Any, **__: Any) -> None:
        """Note what a request tells the user on the next page."""
        self.messages.append(str(message))

    def table(self) -> dict[str, str]:
        """Return the marks of every route; the routes by which a user logs out are asked last."""
        reset_rows()
        table = routes(self.app)
        asked = {
            str(route): self.ask(route) for route in sorted(table, key=lambda route: "logout" in str(route))
        }
        self.ask_for_all_dags(table)
        return {str(route): asked[str(route)] for route in table}

    def ask_for_all_dags(self, table: list[FlaskRoute]) -> None:
        """Read what EDITOR may see of all DAGs; raises AssertionError if that is more than its own."""
        reset_rows()
        for route in table:
            if route.method == "GET" and "<dag_id>" in route.rule.rule:
                self.is_allowed(EDITOR, build_request(route, ALL, ALL))

    def ask(self, route: FlaskRoute) -> str:
        """Return the marks of a route."""
        return ask_columns(
            lambda dag: build_request(route, dag, str(self.sign(file_of(dag)))), self.is_allowed
        )

    def is_allowed(self, user: str | None, request: FlaskRouteRequest) -> bool:
        """Whether a user's request is not refused; one that fails has been let in, as those of NOBODY never are.

        Raises:
            RuntimeError: a request fails without regard to who sends it, which decides nothing
        """
        if request.method != "GET" or not CHANGES.isdisjoint(request.url.split("/")):
            reset_rows()
        self.messages.clear()
        content = {"data": dict(request.form)} if request.json is None else {"json": dict(request.json)}
        try:
            response = self.client.open(
                request.url,
                method=request.method,
                headers=self.headers(user),
                **content,  # type: ignore[arg-type]
            )
        except Exception as error:
            if user in (NOBODY, None):
                raise RuntimeError(f"{user}: {request} failed") from error
            return True
        self.check(user, str(request), response.text)
        is_denied = not DENIED.isdisjoint(self.messages) or "/login/" in response.headers.get("Location", "")
        return response.status_code not in REFUSED and not is_denied
