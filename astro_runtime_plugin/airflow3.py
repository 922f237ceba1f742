"""The face on Airflow 3: the Runtime's JSON, the footer on every page, and links in the docs menu."""

from __future__ import annotations

import logging
import os
from configparser import Error as ConfigParserError
from typing import Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.configuration import conf
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from astro_runtime_plugin import api
from astro_runtime_plugin.footer import STATIC, URL_PREFIX, FooterMiddleware
from astro_runtime_plugin.links import DOCUMENTATION, read_links
from astro_runtime_plugin.release import release_of
from entrypoint import origin

log = logging.getLogger("astro_runtime")

Extensions = dict[str, list[dict[str, Any]]]


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the names of AirflowPlugin's attributes."""
    links = configured_links()
    footer = {
        "middleware": FooterMiddleware,
        "kwargs": {"cookie": COOKIE_NAME_JWT_TOKEN},
        "name": "Astro Runtime footer",
    }
    return {
        "fastapi_apps": [
            {"app": app(option("image_tag"), links), "url_prefix": URL_PREFIX, "name": "Astro Runtime"}
        ],
        "fastapi_root_middlewares": [footer],
        "external_views": menu_links(links),
    }


def configured_links() -> dict[str, str]:
    """Return the links of `[astro_runtime] links`; what is wrong in it is logged, once."""
    links, problems = read_links(option("links"), airflow_version)
    for problem in problems:
        log.warning("%s", problem)
    return links


def option(name: str) -> str | None:
    """Return `[astro_runtime] NAME`, or None where it is not set or cannot be read."""
    try:
        value: str | None = conf.get("astro_runtime", name, fallback=None)
    except ConfigParserError:
        log.warning("[astro_runtime] %s cannot be read; in airflow.cfg a %% is written %%%%", name)
        return None
    return value


def menu_links(links: dict[str, str]) -> list[dict[str, str]]:
    """Return the entries of Airflow's own docs menu, which already leads to the documentation of its version."""
    there = DOCUMENTATION.format(airflow=airflow_version)
    entry = {"destination": "nav", "category": "docs"}
    return [{"name": name, "href": url, **entry} for name, url in links.items() if url != there]


def app(image_tag: str | None, links: dict[str, str]) -> FastAPI:
    """Return the app with the Runtime's JSON, for whoever is logged in, and the footer's script, for all."""
    served = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @served.get("/api/runtime", dependencies=[Depends(requires_authenticated())])
    def runtime() -> api.Runtime:
        release = release_of(airflow_version)
        return api.runtime(release, image_tag, airflow_version, links, origin.read(os.environ))

    served.mount("/static", _Static(directory=STATIC))
    return served


class _Static(StaticFiles):
    """Files that a browser asks about again, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
