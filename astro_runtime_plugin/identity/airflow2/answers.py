"""What the webserver answers when credentials no longer count: a page that says why, or JSON for scripts."""

from __future__ import annotations

from typing import Any

from airflow.www.extensions.init_auth_manager import get_auth_manager
from airflow.www.extensions.init_views import base_paths
from flask import Response, jsonify, request, session
from flask_wtf.csrf import CSRFError

from astro_runtime_plugin.identity.airflow2 import pages
from astro_runtime_plugin.identity.airflow2.addresses import relative_url
from astro_runtime_plugin.identity.airflow2.api_backend import NOT_AUTHENTICATED, challenge
from astro_runtime_plugin.identity.airflow2.caller import BEARER, PROXY, SESSION, Denial
from astro_runtime_plugin.identity.airflow2.login_manager import current_caller
from astro_runtime_plugin.identity.next_url import safe_next
from astro_runtime_plugin.identity.pages import html
from astro_runtime_plugin.identity.requests import is_script
from astro_runtime_plugin.identity.sessions.session import EndReason

# What visitors may see, too; by the ends of endpoints' names.
PUBLIC = ("static", "Airflow.health", "Airflow.robots")
UNAVAILABLE = "Airflow cannot tell who you are"
OWN_API = "/astro-runtime/api/"


def denied(auth_endpoint: str) -> Response | None:
    """Return the answer to a request of a caller who is denied; None if its view may decide.

    Airflow's API does that itself, and `auth_endpoint` is the blueprint of the login.
    """
    denial = current_caller().denial
    if not denial or _is_public(auth_endpoint) or _is_api():
        return None
    if denial.source == PROXY and not denial.refusal:
        return None  # the header of a proxy is nothing unless it is valid
    return answer(denial)


def answer(denial: Denial) -> Response:
    """Return JSON for scripts and for programs with a token, and a page for people.

    The page is shown once: it ends Flask's session, so that the next one leads to the login.
    """
    if denial.source == BEARER or wants_json():
        return json_answer(denial)
    if denial.source == SESSION and denial.status == 401:
        session.clear()
    return page_answer(denial)


def wants_json() -> bool:
    """Whether a page would be of no use to who made the request."""
    return is_script(request.headers) or request.path.startswith(OWN_API)


def json_answer(denial: Denial) -> Response:
    """Return the JSON of a denial; programs can rely on `reason`."""
    response: Response = jsonify({"detail": denial.detail, "reason": denial.reason, "status": denial.status})
    response.status_code = denial.status
    if denial.status == 401:
        response.headers["WWW-Authenticate"] = challenge(denial)
    return response


def page_answer(denial: Denial) -> Response:
    """Return the page of a denial, with the way back to where the user was."""
    if denial.refusal:
        return pages.refusal(denial.refusal)
    if denial.status == 503:
        return pages.page(html.message_page(UNAVAILABLE, denial.detail), 503)
    next_path = safe_next(relative_url(request.url), request.script_root)
    return pages.ended(EndReason(denial.reason), next_path, denial.status)


def redirect_to_json(response: Any) -> Any:
    """Return 401 in place of a redirect to the login, which a script would follow to the provider in vain."""
    if response.status_code not in (302, 303) or not wants_json():
        return response
    target = relative_url(response.headers.get("Location", "")).partition("?")[0]
    login = get_auth_manager().get_url_login().partition("?")[0]
    if target != login or current_caller().user:
        return response
    return json_answer(current_caller().denial or NOT_AUTHENTICATED)


def csrf_failure(error: CSRFError) -> Any:
    """Return the answer to a request without the form's token: who has no session any more is told that instead."""
    caller = current_caller()
    if caller.user:
        return error
    if caller.denial and caller.denial.source == SESSION:
        return answer(caller.denial)
    return json_answer(NOT_AUTHENTICATED) if wants_json() else error


def _is_public(auth_endpoint: str) -> bool:
    endpoint = request.endpoint
    return endpoint is None or request.blueprint == auth_endpoint or endpoint.endswith(PUBLIC)


def _is_api() -> bool:
    return any(request.path.startswith(path) for path in base_paths)
