"""A web server builds a route's parameters and models when the route is first used.

FastAPI builds them when a route is declared, and again for each router and application that includes it: Airflow's 240
routes are built 840 times, which takes more than half of an API server's start. Each of them stays in memory. Here a
route of Airflow's own that nobody has used yet has its path, its methods and its name, which is all that
another router, or the search for the route of a request, needs. Each worker of a server builds what it uses. Routes of
plugins and providers are built at once: a mistake in them shows when the server starts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.lazy_route import MODULE, outline_constructor, postpone

ID = "eager-routes"
OWN = ("airflow.api_fastapi.", "astro_runtime_plugin.")  # modules of functions whose routes are correct


def build_later(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap the constructor of FastAPI's APIRoute."""
    outline = outline_constructor(init)

    @wraps(init)
    def construct(route: Any, path: str, endpoint: Any, **options: Any) -> None:
        is_own = str(getattr(endpoint, "__module__", "")).startswith(OWN)
        if not is_own or not attempt(ID, False, postpone, init, outline, route, path, endpoint, options):
            init(route, path, endpoint, **options)

    return construct


FIX = Fix(
    id=ID,
    title="A web server builds a route's parameters and models when the route is first used",
    symptom="The API server takes twice the time to start that it needs.",
    issue="",
    ends="FastAPI builds no routes for routers that another one includes.",
    patches=(Patch(MODULE, "APIRoute.__init__", ("780ff510da36d3c9",), build_later, ("3.3",)),),
)
