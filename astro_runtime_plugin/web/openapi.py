"""The OpenAPI 3.1 document of the HTTP API, the same on both lines; served, and the source of docs/reference/api.md.

Written out here and not taken from FastAPI, because Airflow 2.11 has no FastAPI. A test compares it with the routes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from astro_runtime_plugin import __version__
from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.service import NoticeList
from astro_runtime_plugin.parallelism.snapshot import WorkersSummary
from astro_runtime_plugin.task_logs.health import TaskLogsSummary
from astro_runtime_plugin.web.html_pages import URL_PREFIX
from astro_runtime_plugin.web.schemas import FixStatus, Runtime

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
MODELS = (FixStatus, Runtime, WorkersSummary, TaskLogsSummary, NoticeList)
DESCRIPTION = (
    "What runs here, and why. Every endpoint needs a login, and the permission under which Airflow shows the same"
    " facts; no answer may be cached."
)
SETTINGS_REFUSED = "The user may not see Airflow's configuration. Airflow 3.3: or the token is invalid."
JOBS_REFUSED = "The user may not see Airflow's jobs. Airflow 3.3: or the token is invalid."
PAGE_REFUSED = (
    "The user may not see connections, the configuration, jobs or providers."
    " Airflow 3.3: or the token is invalid."
)
SECURITY_SCHEMES: Json = {
    "airflow3Token": {"type": "http", "scheme": "bearer", "description": "Airflow 3.3: the token of its API"},
    "airflow3Cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "_token",
        "description": "Airflow 3.3: the UI",
    },
    "airflow2Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "Airflow 2.11: the UI",
    },
}
# Written by hand: a component is a NamedTuple, which pydantic would describe as an array.
COMPONENT_FIELDS = {
    "component": "`scheduler`, `triggerer`, `dag-processor`, `api-server`, `webserver`, `celery worker`,"
    " `celery flower` or `kerberos`",
    "host": "the host that it runs on, as Airflow records it",
    "image_tag": "the tag of its image; the release if it has none",
    "release": "its release of the Runtime",
    "since": "when it started: ISO 8601, UTC",
}
COMPONENT: Json = {
    "type": "object",
    "description": "A running component.",
    "properties": {
        field: {"type": "string", "description": COMPONENT_FIELDS[field]}
        for field in RunningComponent._fields
    },
    "required": [*RunningComponent._fields],
}
DISMISSAL: Json = {
    "type": "object",
    "description": "The notice to hide from the current user.",
    "properties": {"notice": {"type": "string", "description": "the `id` of a notice"}},
    "required": ["notice"],
}
PROBLEM: Json = {
    "type": "object",
    "description": "Why the request was refused.",
    "properties": {"detail": {"type": "string", "description": "the reason, in one sentence"}},
    "required": ["detail"],
}


@cache
def document() -> Json:
    """Return the OpenAPI document; treat it as read-only."""
    _, defined = models_json_schema([(model, "serialization") for model in MODELS], ref_template=REF)
    schemas = {**defined["$defs"], "RunningComponent": COMPONENT, "Dismissal": DISMISSAL, "Problem": PROBLEM}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Astro Runtime", "version": __version__, "description": DESCRIPTION},
        "servers": [
            {"url": URL_PREFIX, "description": "below the path of Airflow's base_url, if it has one"}
        ],
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "paths": paths(),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": SECURITY_SCHEMES},
    }


def paths() -> Json:
    """Return the endpoints, below URL_PREFIX."""
    fixes = {"type": "array", "items": _reference(FixStatus.__name__)}
    listed = {"type": "array", "items": _reference("RunningComponent")}
    page = {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}
    return {
        "/api/runtime": {
            "get": _read(
                "What runs: versions, links, and every setting with its origin; no settings for a user who may not"
                " see Airflow's configuration",
                "Runtime",
            )
        },
        "/api/workers": {
            "get": _read(
                "Celery workers by queue, and the limit of each scheduler",
                "WorkersSummary",
                _refused(JOBS_REFUSED),
            )
        },
        "/api/components": {
            "get": _operation(
                "Running components", {"200": _json("Success.", listed), "403": _refused(JOBS_REFUSED)}
            )
        },
        "/api/fixes": {
            "get": _operation(
                "The faults of the running Airflow that the Runtime repairs, with the state of each fix",
                {"200": _json("Success.", fixes), "403": _refused(SETTINGS_REFUSED)},
            )
        },
        "/api/task-logs": {
            "get": _read(
                "Where task logs are kept, and what the machines have yet to send there",
                TaskLogsSummary.__name__,
                _refused(JOBS_REFUSED),
            )
        },
        "/api/notices": {
            "get": _read(
                "The notices that the current user has not dismissed; none about components for a user who may not"
                " see Airflow's jobs",
                NoticeList.__name__,
            ),
            "post": _dismiss(),
        },
        "/api/openapi.json": {
            "get": _operation("This document", {"200": _json("The document.", {"type": "object"})})
        },
        "/page": {
            "get": _operation(
                "The Runtime page as HTML. Airflow 2.11 redirects (302) to the login instead of answering 401",
                {"200": page, "403": _refused(PAGE_REFUSED)},
            )
        },
    }


def _read(summary: str, schema: str, refused: Json | None = None) -> Json:
    responses = {"200": _json("Success.", _reference(schema))}
    return _operation(summary, {**responses, "403": refused} if refused else responses)


def _dismiss() -> Json:
    body = {"required": True, "content": {"application/json": {"schema": _reference("Dismissal")}}}
    responses = {
        "400": {"description": "Airflow 2.11: the CSRF token is missing."},
        "204": {"description": "Dismissed."},
        "404": _refused("There is no such notice."),
        "422": _refused("The body is not as described."),
    }
    summary = "Hide a notice from the current user. Airflow 2.11 also expects its CSRF token in `X-CSRFToken`"
    return {**_operation(summary, responses), "requestBody": body}


def _operation(summary: str, responses: Json) -> Json:
    refused = {"401": _refused("Not logged in."), "403": _refused("Airflow 3.3: the token is invalid.")}
    return {"summary": summary, "responses": dict(sorted({**refused, **responses}.items()))}


def _json(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refused(description: str) -> Json:
    return _json(description, _reference("Problem"))


def _reference(schema: str) -> Json:
    return {"$ref": REF.format(model=schema)}
