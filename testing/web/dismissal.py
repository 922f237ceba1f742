"""What is answered to a dismissal that dismisses nothing, on either line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page

from astro_runtime_plugin.web.schemas import INVALID_DISMISSAL
from testing.web.web_server import Server

ENDPOINT = "/astro-runtime/api/notices"
WRONG: list[Any] = [{"notice": 1}, {"notice": None}, {}, [], "no JSON"]


def is_refused_in_json(page: Page, server: Server, headers: Mapping[str, str]) -> None:
    """Check what is answered of a notice that is not shown, and to a body that names none."""
    answers = [(404, "No such notice"), *[(422, INVALID_DISMISSAL)] * len(WRONG)]
    for body, (status, detail) in zip([{"notice": "no such notice"}, *WRONG], answers, strict=True):
        said = page.request.post(f"{server.url}{ENDPOINT}", data=body, headers=dict(headers))
        assert (said.status, said.json()) == (status, {"detail": detail})
        assert said.headers["cache-control"] == "no-store"
