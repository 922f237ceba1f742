"""The face on Airflow 3: the Runtime's JSON, the footer on every page, and links in the docs menu."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.configuration import conf
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from astro_runtime_plugin import api
from astro_runtime_plugin.components.announce import begin, components
from astro_runtime_plugin.components.shown import Runs
from astro_runtime_plugin.following.record import Workers, written_down
from astro_runtime_plugin.footer import STATIC, URL_PREFIX, FooterMiddleware
from astro_runtime_plugin.options import configured_links, links_of_menu, option
from astro_runtime_plugin.release import image_tag, release_of
from entrypoint import origin

Extensions = dict[str, list[dict[str, Any]]]


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the names of AirflowPlugin's attributes."""
    links = configured_links(conf, airflow_version)
    in_menu = links_of_menu(links, airflow_version)
    tag = image_tag(option(conf, "image_tag"), os.environ)
    footer = {
        "middleware": FooterMiddleware,
        "kwargs": {"cookie": COOKIE_NAME_JWT_TOKEN},
        "name": "Astro Runtime footer",
    }
    return {
        "fastapi_apps": [{"app": app(tag, links), "url_prefix": URL_PREFIX, "name": "Astro Runtime"}],
        "fastapi_root_middlewares": [footer],
        "external_views": [menu_link(name, url) for name, url in in_menu.items()],
    }


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's own docs menu."""
    return {"name": name, "href": url, "destination": "nav", "category": "docs"}


def app(tag: str | None, links: dict[str, str]) -> FastAPI:
    """Return the app with the Runtime's JSON, for whoever is logged in, and the footer's script, for all."""
    served = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_serving)

    @served.get("/api/runtime", dependencies=[Depends(requires_authenticated())])
    def runtime() -> api.Runtime:
        release = release_of(airflow_version)
        return api.runtime(release, tag, airflow_version, links, origin.read(os.environ))

    @served.get("/api/workers", dependencies=[Depends(requires_authenticated())])
    def workers() -> Workers:
        return written_down(origin.read(os.environ))

    @served.get("/api/components", dependencies=[Depends(requires_authenticated())])
    def running() -> list[Runs]:
        return components()

    served.mount("/static", _Static(directory=STATIC))
    return served


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
