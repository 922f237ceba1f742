"""The face on Airflow 2: the Runtime's JSON, notices and page, the footer on every page, and links in the menus."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.security.permissions import (
    RESOURCE_ADMIN_MENU,
    RESOURCE_CONNECTION,
    RESOURCE_DOCS,
    RESOURCE_DOCS_MENU,
)
from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import Response, abort, current_app, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from astro_runtime_plugin.inventory.heartbeat import current_components, start
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.options.section import configured_links, menu_links, read_option
from astro_runtime_plugin.parallelism.snapshot import latest_snapshot
from astro_runtime_plugin.releases.current import image_tag, release_of
from astro_runtime_plugin.web import openapi, schemas
from astro_runtime_plugin.web.flask_footer import FooterBlueprint
from astro_runtime_plugin.web.page.collect import render_page
from entrypoint import record

Extensions = dict[str, list[Any]]
Answer = tuple[Any, int]  # JSON, status
# An entry of the Admin menu for whoever may see that of connections: Admin and Op.
PAGE = {
    "name": RESOURCE_CONNECTION,
    "label": "Runtime",
    "href": "astro_runtime.runtime_page",
    "category": RESOURCE_ADMIN_MENU,
}


def extensions() -> Extensions:
    """Return what the plugin adds to Airflow, by the names of AirflowPlugin's attributes."""
    links = configured_links(conf, airflow_version)
    in_menu = menu_links(links, airflow_version)
    tag = image_tag(read_option(conf, "image_tag"), os.environ)
    shown = schemas.runtime_info(release_of(airflow_version), tag, airflow_version, links, ())
    return {
        "flask_blueprints": [blueprint(shown)],
        "appbuilder_menu_items": [PAGE, *(menu_link(name, url) for name, url in in_menu.items())],
    }


def blueprint(shown: schemas.Runtime) -> FooterBlueprint:
    """Return the blueprint with the footer and what is asked for by its URL."""
    made = FooterBlueprint(shown, is_logged_in)
    made.record_once(lambda _: start())  # in a command that is no component it does nothing

    def runtime() -> dict[str, Any]:
        settings = schemas.settings(record.decode(os.environ))
        return shown.model_copy(update={"settings": settings}).model_dump()

    answers: dict[str, Callable[[], Any]] = {
        "runtime": runtime,
        "workers": lambda: latest_snapshot(record.decode(os.environ)).model_dump(),
        "components": lambda: [one._asdict() for one in current_components()],
        "notices": lambda: service.notices_for(user_id()).model_dump(),
        "openapi.json": openapi.document,
    }
    for name, told in answers.items():
        endpoint = name.partition(".")[0]  # Flask allows no dot in it
        made.add_url_rule(f"/api/{name}", endpoint, lambda told=told: json_response(told))
    made.add_url_rule("/api/notices", "dismissed", lambda: json_response(dismiss_notice), methods=["POST"])
    made.add_url_rule("/page", "runtime_page", lambda: runtime_page(shown))
    return made


def json_response(told: Callable[[], Any]) -> Response:
    """Return what is told to whoever is logged in, and 401 to others; nothing of it is kept by a cache."""
    response = make_response(told() if is_logged_in() else ({"detail": "Not authenticated"}, 401))
    response.headers["Cache-Control"] = "no-store"
    return response


def dismiss_notice() -> Answer:
    """Hide a notice from the user for some days; 404 where no notice is shown under this id."""
    asked = request.get_json(silent=True)
    notice = asked.get("notice") if isinstance(asked, dict) else None
    if not isinstance(notice, str):
        return {"detail": schemas.INVALID_DISMISSAL}, 422
    if not service.dismiss(user_id(), notice):
        return {"detail": schemas.NO_SUCH_NOTICE}, 404
    return "", 204


def runtime_page(shown: schemas.Runtime) -> str | Redirect:
    """Return the Runtime page to whoever may see connections; a visitor is asked to log in, others get 403."""
    if not is_logged_in():
        return redirect(get_auth_manager().get_url_login(next_url=request.url))
    if not get_auth_manager().is_authorized_connection(method="GET"):
        abort(403)
    drawn = Markup(render_page(shown))  # noqa: S704 (the template has escaped it)
    around: Any = current_app.appbuilder  # type: ignore[attr-defined]
    return render_template(
        "astro_runtime/page-airflow2.html", drawn=drawn, appbuilder=around, base_template=around.base_template
    )


def is_logged_in() -> bool:
    """Tell whether whoever asks has logged in; the anonymous visitor of AUTH_ROLE_PUBLIC has not."""
    return bool(get_auth_manager().is_logged_in())


def user_id() -> str:
    """Return who is logged in."""
    return str(get_auth_manager().get_user_id())


def menu_link(name: str, url: str) -> dict[str, str]:
    """Return an entry of Airflow's own docs menu, for whoever may see that menu's entries: they share a permission."""
    return {"name": RESOURCE_DOCS, "label": name, "href": url, "category": RESOURCE_DOCS_MENU}
