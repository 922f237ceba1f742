"""Every route of Airflow 3's web application, those of mounted applications too, and a request for each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as StarletteRoute

from testing.identity.route_roles.columns import number_of

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
# The values of path parameters; the others are `absent`, which names nothing that exists.
VALUES: dict[str, Callable[[str], str]] = {
    "dag_id": str,
    **dict.fromkeys(
        ("asset_id", "backfill_id", "event_log_id", "import_error_id"), lambda dag: str(number_of(dag))
    ),
    "task_instance_id": lambda _: "01930000-0000-7000-8000-000000000000",
    "connection_test_id": lambda _: "01930000-0000-7000-8000-000000000000",
    **dict.fromkeys(
        ("asset_alias_id", "map_index", "try_number", "task_try_number", "version_number"), lambda _: "1"
    ),
}
EXECUTION = "/execution"
NOW = "2026-01-01T00:00:00Z"
CONNECTION = {"connection_id": "absent", "conn_type": "absent"}
POOL = {"name": "absent", "slots": 1}
VARIABLE = {"key": "absent", "value": "1"}


class ApiRoute(NamedTuple):
    """A method and a path with its parameters in braces."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class ApiRouteRequest(NamedTuple):
    """A request; `body` is JSON."""

    method: str
    url: str
    body: str | None


def bulk(entity: dict[str, Any], identifier: Any) -> dict[str, Any]:
    """Return the body of a bulk route: one entity created or replaced, changed, and deleted."""
    create = {"action": "create", "entities": [entity], "action_on_existence": "overwrite"}
    update = {"action": "update", "entities": [entity], "action_on_non_existence": "skip"}
    delete = {"action": "delete", "entities": [identifier], "action_on_non_existence": "skip"}
    return {"actions": [create, update, delete]}


def bodies(dag: str) -> dict[str, Any]:
    """Return the bodies of the routes that read them before they decide, or that decide by what is in them."""
    update = {"action": "update", "action_on_non_existence": "skip"}
    run = {"dag_id": dag, "dag_run_id": "absent"}
    backfill = {"dag_id": dag, "from_date": NOW, "to_date": NOW}
    dag_path, run_path = "/api/v2/dags/{dag_id}", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}"
    task = {"task_id": "absent", "new_state": "success", **run}
    return {
        "PATCH /api/v2/connections": bulk(CONNECTION, "absent"),
        "PATCH /api/v2/pools": bulk(POOL, "absent"),
        "PATCH /api/v2/variables": bulk(VARIABLE, "absent"),
        "POST /api/v2/connections": CONNECTION,
        "POST /api/v2/connections/test": CONNECTION,
        "POST /api/v2/connections/enqueue-test": CONNECTION,
        "POST /api/v2/pools": POOL,
        "POST /api/v2/variables": VARIABLE,
        "POST /api/v2/backfills": backfill,
        "POST /api/v2/backfills/dry_run": backfill,
        "POST /api/v2/assets/events": {"asset_id": number_of(dag)},
        f"PATCH {dag_path}/dagRuns": {"actions": [update | {"entities": [run | {"state": "failed"}]}]},
        f"POST {dag_path}/clearDagRuns": {"dag_runs": [run]},
        f"PATCH {run_path}/taskInstances": {"actions": [update | {"entities": [task]}]},
    }


def routes(app: Starlette) -> list[ApiRoute]:
    """Return the routes of an application, sorted by path; those that only serve files are left out.

    Raises:
        TypeError: one is neither a route of HTTP nor a mounted application
    """
    return sorted(
        {ApiRoute(*pair) for pair in _walk(app.routes, "")}, key=lambda route: (route.path, route.method)
    )


def _walk(parts: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        path = prefix + getattr(part, "path", "")
        if isinstance(part, Mount):
            yield from _walk(_mounted(part), path)
        else:
            if not isinstance(part, StarletteRoute | APIRoute):
                raise TypeError(f"{part} at {path}")
            yield from ((method, path) for method in (part.methods or set()) - {"HEAD"} or {"HEAD"})


def execution_app(app: Starlette) -> FastAPI | None:
    """Return the mounted application of the API that tasks use."""
    mounts = (part for part in app.routes if isinstance(part, Mount) and part.path == EXECUTION)
    return next((mount.app for mount in mounts if isinstance(mount.app, FastAPI)), None)


def _mounted(mount: Mount) -> Iterable[BaseRoute]:
    """Return a mounted application's routes; the execution API has those of each version in a place of their own."""
    versions = getattr(getattr(mount.app, "router", None), "versioned_routers", None) or {}
    return [*mount.routes, *(route for version in sorted(versions) for route in versions[version].routes)]


def _absent(_: str) -> str:
    return "absent"


def build_request(route: ApiRoute, dag: str, file_token: Callable[[str], str]) -> ApiRouteRequest:
    """Return a request for a route that concerns a DAG, if the route has one; `file_token` is that of a DAG's file."""
    values = VALUES | {"file_token": file_token}
    url = PARAMETER.sub(lambda match: values.get(match[1], _absent)(dag), route.path)
    body = bodies(dag).get(str(route), None if route.method in ("GET", "DELETE") else {})
    return ApiRouteRequest(route.method, url, None if body is None else json.dumps(body))
