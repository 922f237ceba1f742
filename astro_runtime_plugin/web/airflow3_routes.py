"""The FastAPI app on Airflow 3: the API and the Runtime page, which need a login, and the static files."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import (
    GetUserDep,
    requires_access_configuration,
    requires_access_connection,
    requires_access_view,
    requires_authenticated,
)
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from astro_runtime_plugin.inventory.recorder import current_components, start
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.notices.service import NoticeList
from astro_runtime_plugin.parallelism.snapshot import WorkersSummary, latest_snapshot
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.task_logs.service import task_logs
from astro_runtime_plugin.web import openapi, schemas
from astro_runtime_plugin.web.html_pages import STATIC
from astro_runtime_plugin.web.no_store import NoStoreMiddleware
from astro_runtime_plugin.web.page.collect import render_page
from entrypoint import record

# Airflow shows the hosts of its components in its list of jobs.
REQUIRES_JOBS = Depends(requires_access_view(AccessView.JOBS))
REQUIRES_SETTINGS = Depends(requires_access_configuration(method="GET"))
# Every auth manager grants the first to its equivalents of Admin and Op; the others are for what the page shows.
REQUIRES_ALL = [
    Depends(requires_access_connection(method="GET")),
    REQUIRES_SETTINGS,
    REQUIRES_JOBS,
    Depends(requires_access_view(AccessView.PROVIDERS)),
]


def create_app(tag: str | None, links: dict[str, str]) -> FastAPI:
    """Return the app; `tag` is the image tag, `links` are name → URL."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.add_middleware(NoStoreMiddleware)
    app.add_exception_handler(RequestValidationError, invalid_body)
    authenticated_router = APIRouter(dependencies=[Depends(requires_authenticated())])

    @authenticated_router.get("/api/runtime")
    def runtime(user: GetUserDep) -> schemas.Runtime:
        settings = record.decode(os.environ) if may_see_settings(user) else ()
        return schemas.runtime_info(release_of(airflow_version), tag, airflow_version, links, settings)

    @authenticated_router.get("/page", dependencies=REQUIRES_ALL)
    def runtime_page(user: GetUserDep) -> HTMLResponse:
        return HTMLResponse(render_page(runtime(user)))

    authenticated_router.add_api_route("/api/openapi.json", openapi.document)
    authenticated_router.add_api_route("/api/workers", workers, dependencies=[REQUIRES_JOBS])
    authenticated_router.add_api_route("/api/components", list_components, dependencies=[REQUIRES_JOBS])
    authenticated_router.add_api_route("/api/task-logs", task_logs, dependencies=[REQUIRES_JOBS])
    authenticated_router.add_api_route("/api/fixes", schemas.fixes, dependencies=[REQUIRES_SETTINGS])
    authenticated_router.add_api_route("/api/notices", notices)
    authenticated_router.add_api_route("/api/notices", dismiss_notice, methods=["POST"], status_code=204)
    app.include_router(authenticated_router)
    app.mount("/static", _RevalidatedStaticFiles(directory=STATIC))
    return app


def may_see_settings(user: GetUserDep) -> bool:
    """Whether Airflow would show its configuration to a user."""
    return bool(get_auth_manager().is_authorized_configuration(method="GET", user=user))


def may_see_components(user: GetUserDep) -> bool:
    """Whether Airflow would show its jobs to a user."""
    return bool(get_auth_manager().is_authorized_view(access_view=AccessView.JOBS, user=user))


def workers() -> WorkersSummary:
    """Return the Celery workers, as the schedulers last recorded them."""
    return latest_snapshot(record.decode(os.environ))


def list_components() -> list[dict[str, str]]:
    """Return the running components: the fields of `inventory.listing.RunningComponent`."""
    return [component._asdict() for component in current_components()]


def notices(user: GetUserDep) -> NoticeList:
    """Return the notices that the user has not dismissed; only who may see the components reads about them."""
    return service.undismissed_notices(user.get_id(), may_see_components(user))


def dismiss_notice(user: GetUserDep, notice: Annotated[str, Body(embed=True)]) -> None:
    """Hide a notice from the user for some days; 404 for an unknown notice."""
    if not service.dismiss(user.get_id(), notice, may_see_components(user)):
        raise HTTPException(404, schemas.NO_SUCH_NOTICE)


def invalid_body(*_: Any) -> JSONResponse:
    """Return 422 with the expected body of a dismissal, which is the only request with a body."""
    return JSONResponse({"detail": schemas.INVALID_DISMISSAL}, 422)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Record the API server while it serves; Airflow enters the lifespan of every plugin's app."""
    start()
    yield


class _RevalidatedStaticFiles(StaticFiles):
    """Static files that browsers revalidate on each use, so that an upgrade takes effect at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
