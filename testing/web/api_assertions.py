"""Assertions on the responses of the Runtime's API, on either line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page

from astro_runtime_plugin.web.schemas import INVALID_DISMISSAL
from testing.web.web_server import WebServer

PATHS = [
    f"/astro-runtime/api/{name}"
    for name in ("runtime", "workers", "components", "task-logs", "fixes", "notices", "openapi.json")
]
NOTICES = "/astro-runtime/api/notices"
INVALID_BODIES: list[Any] = [{"notice": 1}, {"notice": None}, {}, [], "no JSON"]


def assert_json_is_not_cached(
    page: Page, server: WebServer, status: int, headers: dict[str, str] | None = None
) -> None:
    """Assert that every path answers with `status` and JSON that caches must not store."""
    for path in PATHS:
        response = page.request.get(f"{server.url}{path}", headers=headers)
        facts = (response.status, response.headers["content-type"], response.headers["cache-control"])
        assert facts == (status, "application/json", "no-store"), path
        assert status == 200 or set(response.json()) == {"detail"}


def assert_invalid_dismissals_are_rejected(page: Page, server: WebServer, headers: Mapping[str, str]) -> None:
    """Assert the responses to the dismissal of an unknown notice and to invalid bodies."""
    assert_dismissal_is_rejected(page, server, headers, {"notice": "no such notice"}, 404, "No such notice")
    for body in INVALID_BODIES:
        assert_dismissal_is_rejected(page, server, headers, body, 422, INVALID_DISMISSAL)


def assert_dismissal_is_rejected(
    page: Page, server: WebServer, headers: Mapping[str, str], body: Any, status: int, detail: str
) -> None:
    response = page.request.post(f"{server.url}{NOTICES}", data=body, headers=dict(headers))
    assert (response.status, response.json()) == (status, {"detail": detail})
    assert response.headers["cache-control"] == "no-store"
