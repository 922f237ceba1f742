"""Responses that caches must not store, from a real ASGI app."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from astro_runtime_plugin.web.no_store import NoStoreMiddleware


async def respond(request: Request) -> PlainTextResponse:
    return PlainTextResponse("x", headers={"Cache-Control": "max-age=60"})


async def respond_without_header(request: Request) -> PlainTextResponse:
    return PlainTextResponse("x")


APP = NoStoreMiddleware(Starlette(routes=[Route("/a", respond_without_header), Route("/cached", respond)]))


def get(path: str) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(request())


@pytest.mark.parametrize(("path", "status"), [("/a", 200), ("/missing", 404)])
def test_response_of_any_status_is_not_stored(path: str, status: int) -> None:
    response = get(path)
    assert (response.status_code, response.headers["cache-control"]) == (status, "no-store")


def test_header_of_the_app_is_kept() -> None:
    assert get("/cached").headers["cache-control"] == "max-age=60"
