"""The OpenAPI document against the routes of the app on Airflow 3."""

from __future__ import annotations

from fastapi.openapi.models import OpenAPI
from fastapi.routing import APIRoute

from astro_runtime_plugin.web.airflow3_routes import create_app
from astro_runtime_plugin.web.openapi import document


def test_document_describes_every_route_of_the_app_and_no_other() -> None:
    routes = [route for route in create_app(None, {}).routes if isinstance(route, APIRoute)]
    served = {(route.path, method.lower()) for route in routes for method in route.methods}
    assert served == {(path, method) for path, methods in document()["paths"].items() for method in methods}


def test_document_is_valid_for_fastapi() -> None:
    parsed = OpenAPI.model_validate(document())
    assert parsed.openapi == "3.1.0"
    assert parsed.paths
