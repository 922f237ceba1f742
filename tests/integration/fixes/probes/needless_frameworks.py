"""Looks at what `svcs` imports, and whether its part for Flask works."""

from __future__ import annotations

import sys

import airflow.settings
import svcs

from testing.proof import report

imported = sorted({"aiohttp", "flask"} & {*sys.modules})
registry = svcs.Registry()
import flask

app = svcs.flask.init_app(flask.Flask("app"), registry=registry)
registry.register_value(str, "a service")
with app.app_context():
    service = svcs.flask.get(str)
import svcs.aiohttp as directly

report(
    {
        "imported": imported,
        "service": service,
        "modules": [svcs.flask is sys.modules["svcs.flask"], svcs.aiohttp is directly],
    }
)
