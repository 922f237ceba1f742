"""The face on Airflow 2: the Runtime's JSON, the footer on every page, and links in the docs menu."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.security.permissions import RESOURCE_DOCS, RESOURCE_DOCS_MENU
from airflow.www.extensions.init_auth_manager import get_auth_manager

from astro_runtime_plugin import api
from astro_runtime_plugin.components.announce import begin, components
from astro_runtime_plugin.flask_footer import FooterBlueprint
from astro_runtime_plugin.following.record import written_down
from astro_runtime_plugin.options import configured_links, links_of_menu, option
from astro_runtime_plugin.release import image_tag, release_of
from entrypoint import origin

Extensions = dict[str, list[Any]]
Answer = tuple[Any, int, dict[str, str]]  # JSON, status, headers


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the names of AirflowPlugin's attributes."""
    links = configured_links(conf, airflow_version)
    in_menu = links_of_menu(links, airflow_version)
    tag = image_tag(option(conf, "image_tag"), os.environ)
    shown = api.runtime(release_of(airflow_version), tag, airflow_version, links, ())
    blueprint = FooterBlueprint(shown, is_logged_in)
    blueprint.record_once(lambda _: begin())  # in a command that is no component it does nothing

    @blueprint.get("/api/runtime")
    def runtime() -> Answer:
        settings = api.settings(origin.read(os.environ))
        return answer(lambda: shown.model_copy(update={"settings": settings}).model_dump())

    @blueprint.get("/api/workers")
    def workers() -> Answer:
        return answer(lambda: written_down(origin.read(os.environ)).model_dump())

    @blueprint.get("/api/components")
    def running() -> Answer:
        return answer(lambda: [one._asdict() for one in components()])

    return {
        "flask_blueprints": [blueprint],
        "appbuilder_menu_items": [menu_link(name, url) for name, url in in_menu.items()],
    }


def answer(told: Callable[[], Any]) -> Answer:
    """Return what is told to whoever is logged in, and 401 to others."""
    headers = {"Cache-Control": "no-store"}
    if not is_logged_in():
        return {"detail": "Not authenticated"}, 401, headers
    return told(), 200, headers


def is_logged_in() -> bool:
    """Tell whether whoever asks has logged in; the anonymous visitor of AUTH_ROLE_PUBLIC has not."""
    return bool(get_auth_manager().is_logged_in())


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's own docs menu, for whoever may see that menu's entries: they share a permission."""
    return {"name": RESOURCE_DOCS, "label": name, "href": url, "category": RESOURCE_DOCS_MENU}
