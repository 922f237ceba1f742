"""Every route of Airflow 2's web application, and a request for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from testing.identity.route_roles.airflow2_rows import key_of
from testing.identity.route_roles.columns import number_of

AIRFLOW_VIEWS = "Airflow."  # the endpoints of Airflow's own pages, which read the DAG from the query too
ACTION, ACTION_POST = "action", "action_post"
# Path parameters that are a number of the DAG's; the others are `absent`, or 1 where the route takes a number.
NUMBERED = ("event_log_id", "import_error_id")
TASK = "/api/v1/dags/<dag_id>/dagRuns/<dag_run_id>/taskInstances/<task_id>"
# What the routes of the API that look at a request before they look at the user must have.
QUERIES = {
    "GET /api/v1/dagStats": "?dag_ids=absent",
    "PATCH /api/v1/dags": "?dag_id_pattern=absent",
}
BODIES = {
    "PATCH /api/v1/dags": (("is_paused", True),),
    f"PATCH {TASK}/setNote": (("note", "absent"),),
    f"PATCH {TASK}/<int:map_index>/setNote": (("note", "absent"),),
    "POST /api/v1/datasets/events": (("dataset_uri", "x-scheme://absent"),),
}


class FlaskRoute(NamedTuple):
    """A method and a path; `action` is that of a list's routes for actions."""

    method: str
    rule: Rule
    action: str

    def __str__(self) -> str:
        path = self.rule.rule.replace("<string:name>", self.action)
        return f"{self.method} {path}" + f" {self.action}" * (self.action not in path)


class FlaskRouteRequest(NamedTuple):
    """A request: `form` and `json` are what it sends, as sorted pairs; `json` is None for a request without JSON."""

    method: str
    url: str
    form: tuple[tuple[str, str], ...]
    json: tuple[tuple[str, Any], ...] | None


def routes(app: Flask) -> list[FlaskRoute]:
    """Return the routes of an application, sorted by path; those that only serve files are left out."""
    return sorted(_routes(app), key=lambda route: (str(route).partition(" ")[2], route.method))


def _routes(app: Flask) -> Iterator[FlaskRoute]:
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                for action in _actions(app, rule):
                    yield FlaskRoute(method, rule, action)


def _actions(app: Flask, rule: Rule) -> list[str]:
    """Return the names of a list's actions for the routes that take one, else one that is empty."""
    view, _, name = rule.endpoint.rpartition(".")
    if name not in (ACTION, ACTION_POST):
        return [""]
    views = app.appbuilder.baseviews  # type: ignore[attr-defined]
    return sorted(next(each.actions for each in views if each.endpoint == view))


def build_request(route: FlaskRoute, dag: str, file_token: str) -> FlaskRouteRequest:
    """Return a request for a route that concerns a DAG, if the route has one, with the token of the DAG's file."""
    values = {name: _value(name, route, dag) for name in route.rule.arguments} | {"file_token": file_token}
    url = route.rule.build({name: values[name] for name in route.rule.arguments}, append_unknown=False)
    path = url[1] if url else route.rule.rule
    is_api = path.startswith(("/api/v1", "/auth/fab/v1"))
    reads_query = route.rule.endpoint.startswith(AIRFLOW_VIEWS) and "dag_id" not in values
    form = (
        (("action", route.action), ("rowid", key_of(_view(route), dag)))
        if route.rule.endpoint.endswith(ACTION_POST)
        else ()
    )
    query = f"?dag_id={dag}" * reads_query + QUERIES.get(str(route), "")
    body = BODIES.get(str(route), ()) if is_api and route.method in ("POST", "PATCH", "PUT") else None
    return FlaskRouteRequest(route.method, path + query, form, body)


def _value(name: str, route: FlaskRoute, dag: str) -> Any:
    if name == "dag_id":
        return dag
    if name == "name" and route.action:
        return route.action
    if name == "pk":
        return key_of(_view(route), dag)
    if name in NUMBERED:
        return number_of(dag)
    is_number = type(route.rule._converters[name]).__name__ == "IntegerConverter"
    return 1 if is_number else "absent"


def _view(route: FlaskRoute) -> str:
    return str(route.rule.endpoint).partition(".")[0]
