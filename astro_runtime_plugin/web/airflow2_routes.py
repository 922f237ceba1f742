"""The Flask blueprint on Airflow 2: the footer, and the API and the Runtime page, which need a login."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from airflow.auth.managers.models.resource_details import AccessView
from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import Response, abort, current_app, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from astro_runtime_plugin.inventory.recorder import current_components, start
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.parallelism.snapshot import latest_snapshot
from astro_runtime_plugin.task_logs.service import task_logs
from astro_runtime_plugin.web import openapi, schemas
from astro_runtime_plugin.web.flask_footer import FooterBlueprint
from astro_runtime_plugin.web.page.collect import render_page
from entrypoint import record


def create_blueprint(runtime: schemas.Runtime) -> FooterBlueprint:
    """Return the blueprint with the footer, the API and the Runtime page; `runtime` comes without settings."""
    blueprint = FooterBlueprint(runtime, is_logged_in)
    blueprint.record_once(lambda _: start())  # records the webserver; does nothing in other commands
    # Lambdas, because Flask-WTF reads the `__name__` of a view, which a partial does not have.
    for name, (is_permitted, view) in api_views(runtime).items():
        endpoint = name.partition(".")[0]  # Flask forbids dots
        blueprint.add_url_rule(
            f"/api/{name}",
            endpoint,
            lambda is_permitted=is_permitted, view=view: json_response(is_permitted, view),
        )
    blueprint.add_url_rule(
        "/api/notices",
        "dismiss_notice",
        lambda: json_response(is_logged_in, dismiss_notice),
        methods=["POST"],
    )
    blueprint.add_url_rule("/page", "runtime_page", lambda: runtime_page(runtime))
    return blueprint


def api_views(runtime: schemas.Runtime) -> dict[str, tuple[Callable[[], bool], Callable[[], Any]]]:
    """Return who may see `GET /astro-runtime/api/NAME`, and the function that answers it, by name."""
    return {
        "runtime": (is_logged_in, lambda: runtime_with_settings(runtime).model_dump()),
        "workers": (may_see_components, lambda: latest_snapshot(record.decode(os.environ)).model_dump()),
        "components": (
            may_see_components,
            lambda: [component._asdict() for component in current_components()],
        ),
        "task-logs": (may_see_components, lambda: task_logs().model_dump()),
        "fixes": (may_see_settings, lambda: [fix.model_dump() for fix in schemas.fixes()]),
        "notices": (
            is_logged_in,
            lambda: service.undismissed_notices(user_id(), may_see_components()).model_dump(),
        ),
        "openapi.json": (is_logged_in, openapi.document),
    }


def runtime_with_settings(runtime: schemas.Runtime) -> schemas.Runtime:
    """Return `runtime` with the settings of this process if the user may see them."""
    settings = schemas.settings(record.decode(os.environ))
    return runtime.model_copy(update={"settings": settings if may_see_settings() else []})


def json_response(is_permitted: Callable[[], bool], view: Callable[[], Any]) -> Response:
    """Return the result of `view`, 401 to a visitor or 403 to a user without permission; caches store none of them."""
    response = make_response(view() if is_logged_in() and is_permitted() else _refusal())
    response.headers["Cache-Control"] = "no-store"
    return response


def _refusal() -> tuple[Any, int]:
    return ({"detail": "Forbidden"}, 403) if is_logged_in() else ({"detail": "Not authenticated"}, 401)


def dismiss_notice() -> tuple[Any, int]:
    """Hide a notice from the user for some days; 422 for an invalid body, 404 for an unknown notice."""
    body = request.get_json(silent=True)
    notice = body.get("notice") if isinstance(body, dict) else None
    if not isinstance(notice, str):
        return {"detail": schemas.INVALID_DISMISSAL}, 422
    if not service.dismiss(user_id(), notice, may_see_components()):
        return {"detail": schemas.NO_SUCH_NOTICE}, 404
    return "", 204


def runtime_page(runtime: schemas.Runtime) -> str | Redirect:
    """Return the Runtime page to users who may see all that it shows, 403 to others; redirect visitors to the login."""
    if not is_logged_in():
        return redirect(get_auth_manager().get_url_login(next_url=request.url))
    if not may_see_page():
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


def may_see_settings() -> bool:
    """Whether Airflow would show its configuration to the user."""
    return bool(get_auth_manager().is_authorized_configuration(method="GET"))


def may_see_components() -> bool:
    """Whether Airflow would show its jobs, and with them the hosts, to the user."""
    return bool(get_auth_manager().is_authorized_view(access_view=AccessView.JOBS))


def may_see_page() -> bool:
    """Whether Airflow would show all that the page does; the first permission is that of Admin and Op."""
    manager = get_auth_manager()
    return bool(
        manager.is_authorized_connection(method="GET")
        and manager.is_authorized_view(access_view=AccessView.PROVIDERS)
        and may_see_settings()
        and may_see_components()
    )


def user_id() -> str:
    """Return the id of the logged-in user."""
    return str(get_auth_manager().get_user_id())
