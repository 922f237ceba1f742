"""Sends requests to the tasks' API within this process: which versions it has built, and what it answers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from httpx import Client

from testing.proof import report

NEWEST, OLDER = "2026-06-30", ("2026-04-06", "2025-11-05", "2025-04-11")
BETWEEN, TOO_OLD = "2025-12-24", "2024-12-24"  # the first is answered as the version before it
TASK = "/task-instances/00000000-0000-0000-0000-000000000001"
# A route that all have, one that the newest alone has, one that has moved, two with a body, and one that none has.
REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/variables/colour", None),
    ("GET", "/variables/keys", None),
    ("GET", "/dag-runs/previous?dag_id=dag&logical_date=2026-01-01T00:00:00Z", None),
    ("PATCH", f"{TASK}/state", {"state": "success", "end_date": "2026-01-01T00:00:00Z"}),
    ("PATCH", f"{TASK}/run", {"state": "running"}),
    ("GET", "/nothing", None),
)


def ask(version: str | None) -> list[Any]:
    """Return the status and the text of the replies to a client of a version; None: one that names no version."""
    headers = {"Airflow-API-Version": version} if version else {}
    replies = [client.request(method, path, json=body, headers=headers) for method, path, body in REQUESTS]
    return [[reply.status_code, reply.text] for reply in replies]


def describe(version: str) -> list[Any]:
    """Return the status of a version's OpenAPI document, and its digest."""
    reply = client.get(f"/openapi.json?version={version}")
    return [reply.status_code, hashlib.sha256(json.dumps(reply.json(), sort_keys=True).encode()).hexdigest()]


def count_built() -> int:
    """Return how many versions have routes of their own; each has one for its OpenAPI document."""
    routers = app.router.versioned_routers.values()
    return sum(len(vars(router).get("routes", ())) > 1 for router in routers)


api = InProcessExecutionAPI()
app = api.app
with Client(transport=api.transport, base_url="http://in-process.invalid") as client:
    newest = [ask(NEWEST), ask(None)]
    built = [count_built()]
    older = [ask(version) for version in (*OLDER, BETWEEN, TOO_OLD)]
    built += [count_built()]
    replies = [newest, older, ask(NEWEST), ask(None)]
    documents = {version: describe(version) for version in app.router.versions}
report({"built": built, "replies": replies, "routes": len(app.router.routes), "documents": documents})
