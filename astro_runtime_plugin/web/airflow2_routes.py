"""The Flask blueprint on Airflow 2: the footer, and the API and the Runtime page, which need a login."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import Response, abort, current_app, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from astro_runtime_plugin.inventory.recorder import current_components, start
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.parallelism.snapshot import latest_snapshot
from astro_runtime_plugin.web import openapi, schemas
from astro_runtime_plugin.web.flask_footer import FooterBlueprint
from astro_runtime_plugin.web.page.collect import render_page
from entrypoint import record


def create_blueprint(runtime: schemas.Runtime) -> FooterBlueprint:
    """Return the blueprint with the footer, the API and the Runtime page; `runtime` comes without settings."""
    blueprint = FooterBlueprint(runtime, is_logged_in)
    blueprint.record_once(lambda _: start())  # records the webserver; does nothing in other commands
    # Lambdas, because Flask-WTF reads the `__name__` of a view, which a partial does not have.
    for name, view in api_views(runtime).items():
        endpoint = name.partition(".")[0]  # Flask forbids dots
        blueprint.add_url_rule(f"/api/{name}", endpoint, lambda view=view: json_response(view))
    blueprint.add_url_rule(
        "/api/notices", "dismiss_notice", lambda: json_response(dismiss_notice), methods=["POST"]
    )
    blueprint.add_url_rule("/page", "runtime_page", lambda: runtime_page(runtime))
    return blueprint


def api_views(runtime: schemas.Runtime) -> dict[str, Callable[[], Any]]:
    """Return the functions that answer `GET /astro-runtime/api/NAME`, by name."""
    return {
        "runtime": lambda: runtime_with_settings(runtime).model_dump(),
        "workers": lambda: latest_snapshot(record.decode(os.environ)).model_dump(),
        "components": lambda: [component._asdict() for component in current_components()],
        "notices": lambda: service.undismissed_notices(user_id()).model_dump(),
        "openapi.json": openapi.document,
    }


def runtime_with_settings(runtime: schemas.Runtime) -> schemas.Runtime:
    """Return `runtime` with the settings of this process."""
    settings = schemas.settings(record.decode(os.environ))
    return runtime.model_copy(update={"settings": settings})


def json_response(view: Callable[[], Any]) -> Response:
    """Return the result of `view` to a logged-in user and 401 to anyone else; caches store neither."""
    response = make_response(view() if is_logged_in() else ({"detail": "Not authenticated"}, 401))
    response.headers["Cache-Control"] = "no-store"
    return response


def dismiss_notice() -> tuple[Any, int]:
    """Hide a notice from the user for some days; 422 for an invalid body, 404 for an unknown notice."""
    body = request.get_json(silent=True)
    notice = body.get("notice") if isinstance(body, dict) else None
    if not isinstance(notice, str):
        return {"detail": schemas.INVALID_DISMISSAL}, 422
    if not service.dismiss(user_id(), notice):
        return {"detail": schemas.NO_SUCH_NOTICE}, 404
    return "", 204


def runtime_page(runtime: schemas.Runtime) -> str | Redirect:
    """Return the Runtime page to users who may see connections, 403 to others; redirect visitors to the login."""
    if not is_logged_in():
        return redirect(get_auth_manager().get_url_login(next_url=request.url))
    if not get_auth_manager().is_authorized_connection(method="GET"):
        abort(403)
    content = Markup(render_page(runtime))  # noqa: S704 (the template has escaped it)
    appbuilder: Any = current_app.appbuilder  # type: ignore[attr-defined]
    return render_template(
        "astro_runtime/page-airflow2.html",
        title="Runtime",
        content=content,
        appbuilder=appbuilder,
        base_template=appbuilder.base_template,
    )


def is_logged_in() -> bool:
    """Whether the visitor has logged in; the anonymous visitor of AUTH_ROLE_PUBLIC has not."""
    return bool(get_auth_manager().is_logged_in())


def user_id() -> str:
    """Return the id of the logged-in user."""
    return str(get_auth_manager().get_user_id())
