"""The pages of a login as Flask sends them."""

from __future__ import annotations

from typing import Any

from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import Response, make_response, request
from flask_wtf.csrf import generate_csrf

from astro_runtime_plugin.identity.airflow2.addresses import ADMIN_LOGIN_PATH
from astro_runtime_plugin.identity.pages import html
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.refusal import Refusal
from astro_runtime_plugin.identity.sessions.session import EndReason

CSRF_FIELD = "csrf_token"


def ended(reason: EndReason, next_path: str, status: int) -> Response:
    """Return the page of a session that has ended; its link leads back to `next_path`, which `safe_next` has given."""
    return page(html.ended_page(reason, login_url(next_path), admin_form()), status)


def failure(error: LoginError, next_path: str) -> Response:
    """Return the page of a login that failed."""
    return page(html.failure_page(error, login_url(next_path), admin_form()), error.status)


def refusal(refused: Refusal) -> Response:
    """Return the page of a user whom no rule matches."""
    return page(html.refusal_page(refused, login_url("/")), 403)


def page(text: str, status: int) -> Response:
    """Return a page with the headers of all these pages."""
    response: Response = make_response(text, status)
    response.headers.update(html.page_headers())
    return response


def login_url(next_path: str) -> str:
    """Return the URL of the login that leads to a page of this site."""
    return str(get_auth_manager().get_url_login(next_url=request.script_root + next_path))


def admin_form() -> html.Form | None:
    """Return the form for a break-glass token; None where such tokens are off."""
    manager: Any = get_auth_manager()
    if not manager.settings.admin_tokens:
        return None
    return html.Form(request.script_root + ADMIN_LOGIN_PATH, {CSRF_FIELD: generate_csrf()})
