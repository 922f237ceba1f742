"""Looks at what `svcs` imports, and whether its parts for two frameworks work: `needless_frameworks COMMAND`."""

from __future__ import annotations

import sys
from importlib import import_module

sys.argv = ["airflow", *sys.argv[1:]]  # as Airflow's start finds it

import airflow  # noqa: E402, F401

from testing.proof import report  # noqa: E402


def use_flask() -> object:
    """Return what Flask's part gets from a registry."""
    flask = import_module("flask")
    registry = svcs.Registry()
    registry.register_value(str, "a service")
    app = svcs.flask.init_app(flask.Flask("app"), registry=registry)
    with app.app_context():
        return svcs.flask.get(str)


svcs = import_module("svcs")
imported = sorted({"aiohttp", "flask"} & {*sys.modules})
service = use_flask()
same = [import_module(f"svcs.{name}") is getattr(svcs, name) for name in ("flask", "aiohttp")]
report({"imported": imported, "service": service, "same": same})
