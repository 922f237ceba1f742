"""An API server builds the older versions of the tasks' API when a task asks for one.

The API of the tasks has nine versions, so that workers of older releases can use it. At the first request Airflow
copies the API's routes for each of them, and makes models of the data that they had, although all workers of a
deployment that is not being upgraded ask for the newest. Here the first request builds the newest version, and the
first one for another version, or for its OpenAPI document, builds all of them. So do DAG processors and triggerers,
which have the API within their own process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch, lazy
from astro_runtime_plugin.fixes.guard import attempt

ID = "needless-versions"


def build_newest_first(initialize: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `_cadwyn_initialize`, which an application calls at its first request."""
    from astro_runtime_plugin.fixes.support.late_versions import build_newest

    @wraps(initialize)
    def initialize_newest(app: Any) -> None:
        if not attempt(ID, False, build_newest, initialize, app):
            initialize(app)

    return initialize_newest


FIX = Fix(
    id=ID,
    title="The older versions of the tasks' API are built when a task asks for one",
    symptom="The first request of a task to an API server takes seconds, and each server, DAG processor and triggerer"
    " 20 MiB that it does not need.",
    issue="",
    ends="Cadwyn builds the versions of an API when they are used.",
    patches=(
        Patch(
            "cadwyn.route_generation",
            "_EndpointTransformer.transform",
            ("0ec7e2494ac625e4",),
            lazy("late_versions.limit_versions"),
            ("3.3",),
        ),
        Patch(
            "cadwyn.applications",
            "Cadwyn._cadwyn_initialize",
            ("04fb250b6d9c6bb6",),
            build_newest_first,
            ("3.3",),
        ),
    ),
)
