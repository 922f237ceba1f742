"""The FastAPI app on Airflow 3: the Runtime's JSON, notices and page, for whoever may, and the static files for all."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.core_api.security import (
    GetUserDep,
    requires_access_connection,
    requires_authenticated,
)
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from astro_runtime_plugin import api, noticeboard
from astro_runtime_plugin.components.announce import begin, components
from astro_runtime_plugin.following.record import Workers, written_down
from astro_runtime_plugin.footer import STATIC
from astro_runtime_plugin.no_store import NoStore
from astro_runtime_plugin.noticeboard import Board
from astro_runtime_plugin.page.gather import page
from astro_runtime_plugin.release import release_of
from astro_runtime_plugin.web import openapi
from entrypoint import origin

# Whom Airflow lets see connections: Admin and Op, with each auth manager of its own.
OP = Depends(requires_access_connection(method="GET"))


def app(tag: str | None, links: dict[str, str]) -> FastAPI:
    """Return the app; `tag` is the image tag, `links` are name → URL."""
    served = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_serving)
    served.add_middleware(NoStore)
    served.add_exception_handler(RequestValidationError, no_dismissal)
    told = APIRouter(dependencies=[Depends(requires_authenticated())])

    @told.get("/api/runtime")
    def runtime() -> api.Runtime:
        release = release_of(airflow_version)
        return api.runtime(release, tag, airflow_version, links, origin.read(os.environ))

    @told.get("/page", dependencies=[OP])
    def runtime_page() -> HTMLResponse:
        return HTMLResponse(page(runtime()))

    told.add_api_route("/api/openapi.json", openapi.document)
    told.add_api_route("/api/workers", workers)
    told.add_api_route("/api/components", running)
    told.add_api_route("/api/notices", notices)
    told.add_api_route("/api/notices", dismissed, methods=["POST"], status_code=204)
    served.include_router(told)
    served.mount("/static", _Static(directory=STATIC))
    return served


def workers() -> Workers:
    """Return the Celery workers, as the schedulers have written them down."""
    return written_down(origin.read(os.environ))


def running() -> list[dict[str, str]]:
    """Return the living components: the fields of `components.shown.Runs`."""
    return [one._asdict() for one in components()]


def notices(user: GetUserDep) -> Board:
    """Return the notices that the user has not dismissed."""
    return noticeboard.shown_to(user.get_id())


def dismissed(user: GetUserDep, notice: Annotated[str, Body(embed=True)]) -> None:
    """Hide a notice from the user for some days; 404 where no notice is shown under this id."""
    if not noticeboard.dismiss(user.get_id(), notice):
        raise HTTPException(404, api.NO_SUCH_NOTICE)


def no_dismissal(*_: Any) -> JSONResponse:
    """Say what a dismissal must be, the only request with a body."""
    return JSONResponse({"detail": api.NO_DISMISSAL}, 422)


@asynccontextmanager
async def _serving(_: FastAPI) -> AsyncIterator[None]:
    """Record the API server while it serves; Airflow enters the lifespan of each app of a plugin."""
    begin()
    yield


class _Static(StaticFiles):
    """Files that a browser asks about again, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
