"""Who may see what of the Runtime, by auth manager and role; the same on both lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from testing.web.web_server import WebServer

Get = Callable[[str], tuple[int, str]]  # path → status and text

HOST = "host-of-another-component"
RECORD = f"""
import time
from astro_runtime_plugin.database.state import put
from astro_runtime_plugin.inventory.listing import RunningComponent, iso_utc, component_row
running = RunningComponent("triggerer", "{HOST}", "another:1", "3.3-1", iso_utc(time.time()))
put("component", "triggerer:{HOST}", component_row(running, time.time(), 3600))
"""
DELETE = f"""
from sqlalchemy import delete
from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
statement = delete(state.TABLE).where(state.C.name == "triggerer:{HOST}")
in_transaction(lambda connection: connection.execute(statement))
"""


class PageAccess(NamedTuple):
    """What a user may see: Airflow's configuration, its jobs, and the Runtime page."""

    settings: bool
    components: bool
    page: bool


EVERYTHING, NOTHING = PageAccess(True, True, True), PageAccess(False, False, False)
READER = PageAccess(settings=False, components=True, page=False)
FAB: dict[str, PageAccess] = {
    "ann": EVERYTHING,  # Admin
    "oli": EVERYTHING,  # Op
    "una": READER,  # User
    "vic": READER,  # Viewer
    "nia": NOTHING,  # a role without any permission
    "pia": NOTHING,  # Public
}
# SimpleAuthManager lets a Viewer read the configuration.
SIMPLE: dict[str, PageAccess] = {
    "ann": EVERYTHING,
    "oli": EVERYTHING,
    "una": READER._replace(settings=True),
    "vic": READER._replace(settings=True),
}


@contextmanager
def recorded_component(server: WebServer) -> Iterator[None]:
    """Record a component on HOST that runs another image, until the end of the block."""
    server.run_python(RECORD)
    try:
        yield
    finally:
        server.run_python(DELETE)


def assert_access(get: Get, access: PageAccess) -> None:
    """Assert that each route shows a logged-in user what `access` says, and no more."""
    status, text = get("/astro-runtime/api/runtime")
    runtime = json.loads(text)
    assert (status, bool(runtime["settings"])) == (200, access.settings)
    assert all(runtime[fact] for fact in ("release", "image_tag", "airflow_version", "links"))
    for path in ("workers", "components", "task-logs"):
        status, text = get(f"/astro-runtime/api/{path}")
        assert status == (200 if access.components else 403), path
        assert access.components or json.loads(text) == {"detail": "Forbidden"}
    status, text = get("/astro-runtime/api/fixes")
    assert (status, '"id"' in text) == ((200, True) if access.settings else (403, False))
    assert (HOST in get("/astro-runtime/api/components")[1]) == access.components
    status, text = get("/astro-runtime/api/notices")
    assert (status, HOST in text) == (200, access.components)
    assert get("/astro-runtime/api/openapi.json")[0] == 200
    status, text = get("/astro-runtime/page")
    assert (status, HOST in text) == ((200, True) if access.page else (403, False))
