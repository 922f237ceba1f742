"""The adapter for Airflow 2: the API, the Runtime page, the footer on every page, and links in the menus."""

from __future__ import annotations

import os
from typing import Any

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.security.permissions import (
    RESOURCE_ADMIN_MENU,
    RESOURCE_CONNECTION,
    RESOURCE_DOCS,
    RESOURCE_DOCS_MENU,
)

from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.web.airflow2_routes import create_blueprint
from astro_runtime_plugin.web.footer_options import read_web_options
from astro_runtime_plugin.web.schemas import runtime_info

Extensions = dict[str, list[Any]]
# Airflow shows an entry of the Admin menu to users who may see what `name` stands for: Admin and Op.
PAGE = {
    "name": RESOURCE_CONNECTION,
    "label": "Runtime",
    "href": "astro_runtime.runtime_page",
    "category": RESOURCE_ADMIN_MENU,
}


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the attribute names of AirflowPlugin."""
    options = read_web_options(conf, airflow_version, os.environ)
    release = release_of(airflow_version)
    runtime = runtime_info(release, options.image_tag, airflow_version, options.links, ())
    menu_items = [PAGE, *(menu_link(name, url) for name, url in options.menu_links.items())]
    return {"flask_blueprints": [create_blueprint(runtime)], "appbuilder_menu_items": menu_items}


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's docs menu; all its entries share one permission."""
    return {"name": RESOURCE_DOCS, "label": name, "href": url, "category": RESOURCE_DOCS_MENU}
