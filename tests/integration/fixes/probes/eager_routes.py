"""Looks at the API server's application: `eager_routes routes`, or `documents`."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] = "True"
os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "0123456789" * 7

from airflow.api_fastapi.app import create_app
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import Mount
from starlette.testclient import TestClient

from testing.proof import report

VARIABLE = "/api/v2/variables"
REQUESTS = (
    ("GET", "/api/v2/version", None),
    ("GET", "/api/v2/dags?limit=many", None),
    ("GET", "/api/v2/dags/none", None),
    ("POST", VARIABLE, {"key": "colour", "value": "blue"}),
    ("POST", VARIABLE, {"value": "blue"}),
    ("PATCH", f"{VARIABLE}/colour?update_mask=value", {"key": "colour", "value": "red"}),
    ("GET", f"{VARIABLE}/colour", None),
    ("DELETE", f"{VARIABLE}/colour", None),
    ("GET", "/ui/auth/menus", None),
    ("GET", "/execution/health", None),
    ("GET", "/execution/variables/colour", None),
)


def count_built(app: FastAPI) -> dict[str, int]:
    """Return how many of Airflow's own routes there are, and how many of them are built."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    return {"routes": len(routes), "built": sum("dependant" in vars(route) for route in routes)}


def digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def applications(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Yield the application and those that it mounts, by their paths."""
    yield "", app
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield route.path, route.app


def documents(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Yield the digests of what the applications say about their routes: for each version, where there are versions."""
    for path, application in applications(app):
        versions = getattr(application.router, "versioned_routers", None) or {"": application.router}
        for version, router in versions.items():
            document = get_openapi(title="an API", version="1", routes=router.routes)
            yield f"{path} {version} {len(router.routes)}", digest(document)


def send_requests(client: TestClient) -> list[Any]:
    """Return the status and the body of each reply."""
    token = client.get("/auth/token").json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    replies = [client.request(method, path, json=body, headers=headers) for method, path, body in REQUESTS]
    return [[reply.status_code, reply.text] for reply in replies]


app = create_app()
if sys.argv[1] == "routes":
    report(count_built(app))
else:
    with TestClient(app) as client:
        replies = send_requests(client)  # the first to the tasks' API builds its versions
        report({"documents": dict(documents(app)), "replies": replies})
