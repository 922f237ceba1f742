"""The face on Airflow 3: the Runtime's app, the footer on every page, the Runtime page, and links in the docs menu."""

from __future__ import annotations

import os
from typing import Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.configuration import conf

from astro_runtime_plugin.options.section import configured_links, menu_links, read_option
from astro_runtime_plugin.releases.current import image_tag
from astro_runtime_plugin.web.airflow3_routes import create_app
from astro_runtime_plugin.web.footer import URL_PREFIX, FooterMiddleware

Extensions = dict[str, list[dict[str, Any]]]
# A bundle's URL without a leading slash follows the path prefix of `[api] base_url`.
PAGE = {
    "name": "Runtime",
    "bundle_url": f"{URL_PREFIX.lstrip('/')}/static/page.js",
    "destination": "nav",
    "category": "admin",
    "url_route": "runtime",
}


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the names of AirflowPlugin's attributes."""
    links = configured_links(conf, airflow_version)
    in_menu = menu_links(links, airflow_version)
    tag = image_tag(read_option(conf, "image_tag"), os.environ)
    footer = {
        "middleware": FooterMiddleware,
        "kwargs": {"cookie": COOKIE_NAME_JWT_TOKEN},
        "name": "Astro Runtime footer",
    }
    return {
        "fastapi_apps": [{"app": create_app(tag, links), "url_prefix": URL_PREFIX, "name": "Astro Runtime"}],
        "fastapi_root_middlewares": [footer],
        "external_views": [menu_link(name, url) for name, url in in_menu.items()],
        "react_apps": [PAGE],
    }


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's own docs menu."""
    return {"name": name, "href": url, "destination": "nav", "category": "docs"}
