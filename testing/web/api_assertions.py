"""What the answers of the Runtime's API have in common, on either line."""

from __future__ import annotations

from playwright.sync_api import Page

from testing.web.web_server import Server

PATHS = [
    f"/astro-runtime/api/{name}" for name in ("runtime", "workers", "components", "notices", "openapi.json")
]


def are_json_that_no_cache_keeps(
    page: Page, server: Server, status: int, headers: dict[str, str] | None = None
) -> None:
    """Check what each path answers to a visitor; `status` says how far that one gets."""
    for path in PATHS:
        said = page.request.get(f"{server.url}{path}", headers=headers)
        kind = (said.status, said.headers["content-type"], said.headers["cache-control"])
        assert kind == (status, "application/json", "no-store"), path
        assert status == 200 or set(said.json()) == {"detail"}
