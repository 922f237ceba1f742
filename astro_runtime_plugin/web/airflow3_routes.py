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

from astro_runtime_plugin.inventory.heartbeat import current_components, start
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.notices.service import NoticeList
from astro_runtime_plugin.parallelism.snapshot import Workers, latest_snapshot
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.web import openapi, schemas
from astro_runtime_plugin.web.footer import STATIC
from astro_runtime_plugin.web.no_store import NoStoreMiddleware
from astro_runtime_plugin.web.page.collect import render_page
from entrypoint import record

# Whom Airflow lets see connections: Admin and Op, with each auth manager of its own.
REQUIRES_CONNECTION_ACCESS = Depends(requires_access_connection(method="GET"))


def create_app(tag: str | None, links: dict[str, str]) -> FastAPI:
    """Return the app; `tag` is the image tag, `links` are name → URL."""
    served = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    served.add_middleware(NoStoreMiddleware)
    served.add_exception_handler(RequestValidationError, invalid_body)
    told = APIRouter(dependencies=[Depends(requires_authenticated())])

    @told.get("/api/runtime")
    def runtime() -> schemas.Runtime:
        release = release_of(airflow_version)
        return schemas.runtime_info(release, tag, airflow_version, links, record.decode(os.environ))

    @told.get("/page", dependencies=[REQUIRES_CONNECTION_ACCESS])
    def runtime_page() -> HTMLResponse:
        return HTMLResponse(render_page(runtime()))

    told.add_api_route("/api/openapi.json", openapi.document)
    told.add_api_route("/api/workers", workers)
    told.add_api_route("/api/components", list_components)
    told.add_api_route("/api/notices", notices)
    told.add_api_route("/api/notices", dismiss_notice, methods=["POST"], status_code=204)
    served.include_router(told)
    served.mount("/static", _Static(directory=STATIC))
    return served


def workers() -> Workers:
    """Return the Celery workers, as the schedulers have written them down."""
    return latest_snapshot(record.decode(os.environ))


def list_components() -> list[dict[str, str]]:
    """Return the living components: the fields of `components.shown.Runs`."""
    return [one._asdict() for one in current_components()]


def notices(user: GetUserDep) -> NoticeList:
    """Return the notices that the user has not dismissed."""
    return service.notices_for(user.get_id())


def dismiss_notice(user: GetUserDep, notice: Annotated[str, Body(embed=True)]) -> None:
    """Hide a notice from the user for some days; 404 where no notice is shown under this id."""
    if not service.dismiss(user.get_id(), notice):
        raise HTTPException(404, schemas.NO_SUCH_NOTICE)


def invalid_body(*_: Any) -> JSONResponse:
    """Say what a dismissal must be, the only request with a body."""
    return JSONResponse({"detail": schemas.INVALID_DISMISSAL}, 422)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Record the API server while it serves; Airflow enters the lifespan of each app of a plugin."""
    start()
    yield


class _Static(StaticFiles):
    """Files that a browser asks about again, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
