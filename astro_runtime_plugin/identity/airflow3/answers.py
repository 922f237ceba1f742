"""Answers of this room: a page for a person, JSON for a script."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from astro_runtime_plugin.identity.airflow3.address import PREFIX, login_path
from astro_runtime_plugin.identity.pages import html
from astro_runtime_plugin.identity.requests import is_script
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.session import EndReason

# The HTTP status of the page, by why the session is no more; 401 for all other reasons.
STATUS = {None: 200, EndReason.LOGOUT: 200, EndReason.UNAVAILABLE: 503}
ADMIN = f"{PREFIX}/admin-token"


def page(text: str, status: int = 200) -> Response:
    """Return a page of this room."""
    return HTMLResponse(text, status, html.page_headers())


def ended(reason: EndReason | None, next_path: str, has_admin_tokens: bool) -> Response:
    """Return the page of a session that has ended."""
    text = html.ended_page(reason, login_path(next_path), admin_form(has_admin_tokens))
    return page(text, STATUS.get(reason, 401))


def failure(error: LoginError, has_admin_tokens: bool, next_path: str = "") -> Response:
    """Return the page of a login that failed; its link leads to a page, if there is one to come back to."""
    return page(html.failure_page(error, login_path(next_path), admin_form(has_admin_tokens)), error.status)


def refusal(request: Request, error: RefusalError) -> Response:
    """Return 403 for somebody without a role: a page that says why, JSON for a script."""
    if is_script(request.headers):
        return JSONResponse({"detail": str(error)}, 403)
    return page(html.refusal_page(error.refusal, login_path()), 403)


def admin_form(has_admin_tokens: bool) -> html.Form | None:
    """Return the form of the break-glass login, if there is one."""
    return html.Form(ADMIN, {}) if has_admin_tokens else None
