"""The adapter for Airflow 3: the Runtime's app, the footer on every page, the Runtime page, and docs menu links."""

from __future__ import annotations

import os
from typing import Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.configuration import conf

from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.web.airflow3_routes import create_app
from astro_runtime_plugin.web.asgi_footer import FooterMiddleware
from astro_runtime_plugin.web.footer_options import read_web_options
from astro_runtime_plugin.web.html_pages import URL_PREFIX
from entrypoint.identity import PROXY_HEADER

Extensions = dict[str, list[dict[str, Any]]]
# A bundle URL without a leading slash is relative to the path prefix of `[api] base_url`.
PAGE = {
    "name": "Runtime",
    "bundle_url": f"{URL_PREFIX.lstrip('/')}/static/page.js",
    "destination": "nav",
    "category": "admin",
    "url_route": "runtime",
}


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the attribute names of AirflowPlugin."""
    options = read_web_options(conf, airflow_version, os.environ)
    credentials = {
        "cookie": COOKIE_NAME_JWT_TOKEN,
        "proxy_header": read_option(conf, PROXY_HEADER) or "",
    }
    footer = {"middleware": FooterMiddleware, "kwargs": credentials, "name": "Astro Runtime footer"}
    app = create_app(options.image_tag, options.links)
    return {
        "fastapi_apps": [{"app": app, "url_prefix": URL_PREFIX, "name": "Astro Runtime"}],
        "fastapi_root_middlewares": [footer],
        "external_views": [menu_link(name, url) for name, url in options.menu_links.items()],
        "react_apps": [PAGE],
    }


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's docs menu."""
    return {"name": name, "href": url, "destination": "nav", "category": "docs"}
