"""The login at the identity provider, its callback, the logout, and what programs call."""

from __future__ import annotations

import time
from typing import Any

from flask import Response, current_app, jsonify, redirect, request
from flask_appbuilder import BaseView, expose
from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin.identity.airflow2 import addresses, pages
from astro_runtime_plugin.identity.airflow2.answers import json_answer, page_answer
from astro_runtime_plugin.identity.airflow2.caller import BEARER, Denial
from astro_runtime_plugin.identity.airflow2.flask_session import begin_session, end_session
from astro_runtime_plugin.identity.airflow2.login_manager import current_caller
from astro_runtime_plugin.identity.next_url import safe_next
from astro_runtime_plugin.identity.pages.html import ADMIN_FIELD
from astro_runtime_plugin.identity.requests import bearer_token
from astro_runtime_plugin.identity.sessions import process as identity
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.login import LoginRequest, login_cookie_name
from astro_runtime_plugin.identity.sessions.session import EndReason, NewSession
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.errors import TokenError

Answer = Any  # a Response of Flask's or of werkzeug's
NO_PROVIDER = "Open Airflow through the proxy that logs you in."
NO_TOKEN = Denial(BEARER, 401, "anonymous", "Send an access token of the identity provider as Bearer.")


class RuntimeAuthView(BaseView):  # type: ignore[misc]
    """The pages of a login. None that says no redirects to the login by itself, so there is no loop."""

    route_base = ""
    default_view = "login"

    def __init__(self, settings: IdentitySettings) -> None:
        super().__init__()
        self._settings = settings

    @expose("/login/")  # type: ignore[untyped-decorator]
    def login(self) -> Answer:
        """Send the browser to the provider; who is logged in already goes on to the page that was asked for."""
        next_url = request.args.get("next", "")
        if current_caller().user:
            # A whole URL is FAB's way to turn down who is logged in already: that page would come back here.
            return to_page(safe_next(next_url, request.script_root))
        if not self._settings.has_provider:
            return self._failure(LoginError("proxy", no_provider_text()))
        try:
            begun = identity.service().begin_login(local_path(next_url), addresses.redirect_uri())
        except LoginError as error:
            return self._failure(error)
        return to_provider(begun)

    @expose("/oauth-authorized/astro-runtime")  # type: ignore[untyped-decorator]
    def callback(self) -> Answer:
        """Turn the provider's answer into a session, or say why not."""
        try:
            new = identity.service().finish_login(request.args, request.cookies, addresses.redirect_uri())
        except RefusalError as error:
            response: Answer = pages.refusal(error.refusal)
        except LoginError as error:
            # The second callback of a login that succeeded: the browser's Back button, or two tabs.
            has_session = error.code == "state" and current_caller().user is not None
            response = to_page("/") if has_session else self._failure(error)
        else:
            response = enter(new)
        name = login_cookie_name(request.args.get("state", ""))
        response.delete_cookie(name, path=addresses.callback_path())
        return response

    @expose("/logout/", methods=["POST"])  # type: ignore[untyped-decorator]
    def logout(self) -> Answer:
        """End the session here and at the provider. Flask-WTF has checked the form's token."""
        url = end_session(addresses.post_logout_uri())
        operators_url = current_app.config.get("LOGOUT_REDIRECT_URL")  # such as that of a proxy
        return redirect(url or operators_url or request.script_root + addresses.ENDED_PATH)

    @expose(addresses.ENDED_PATH)  # type: ignore[untyped-decorator]
    def ended(self) -> Answer:
        """Say that the session has ended, and why; without a reason it was a logout."""
        reason = known_reason(request.args.get("reason", EndReason.LOGOUT.value))
        next_url = safe_next(request.args.get("next", ""), request.script_root)
        return pages.ended(reason, next_url, 200)

    @expose(addresses.ADMIN_LOGIN_PATH, methods=["POST"])  # type: ignore[untyped-decorator]
    def admin_token(self) -> Answer:
        """Log the owner of a break-glass token in."""
        try:
            return enter(identity.service().admin_login(request.form.get(ADMIN_FIELD, "").strip()))
        except LoginError as error:
            return self._failure(error)

    @expose("/identity/backchannel-logout", methods=["POST"])  # type: ignore[untyped-decorator]
    def backchannel_logout(self) -> Answer:
        """End the sessions that the provider's logout token names (OpenID Connect Back-Channel Logout 1.0)."""
        try:
            identity.service().end_by_logout_token(request.form.get("logout_token", ""))
        except TokenError as error:
            return jsonify({"error": "invalid_request", "error_description": str(error)}), 400
        except SQLAlchemyError:  # the provider may try again
            return jsonify({"error": "temporarily_unavailable"}), 503
        return "", 200

    @expose("/identity/token", methods=["POST"])  # type: ignore[untyped-decorator]
    def token(self) -> Answer:
        """Verify an access token; it is what Airflow 2's API takes, so it is also the answer."""
        token = bearer_token(request.headers.get("Authorization", ""))
        if not token:
            return json_answer(NO_TOKEN)
        try:
            access = identity.service().exchange(token)
        except TokenError as error:
            return json_answer(Denial(BEARER, 401, error.reason, str(error)))
        except RefusalError as error:
            return json_answer(Denial(BEARER, 403, "roles", str(error), error.refusal))
        seconds = max(int(access.expires_at - time.time()), 0)
        return jsonify({"access_token": token, "token_type": "Bearer", "expires_in": seconds}), 201

    def _failure(self, error: LoginError) -> Response:
        denial = current_caller().denial
        if denial and denial.refusal:
            return page_answer(denial)
        return pages.failure(error, local_path(request.args.get("next", "")))


def local_path(url: str) -> str:
    """Return a URL of this site as a path below the base URL, the start page for any other.

    Behind a proxy the web server may take its own address for another one than browsers do.
    """
    origins = (addresses.origin(), request.host_url.rstrip("/"))
    paths = (safe_next(url, request.script_root, origin) for origin in origins)
    return next((path for path in paths if path != "/"), "/")


def no_provider_text() -> str:
    """Return why there is no login here, with what is wrong with the proxy's header if it has sent one."""
    denial = current_caller().denial
    return f"{NO_PROVIDER} Its header does not count: {denial.detail}" if denial else NO_PROVIDER


def to_provider(begun: LoginRequest) -> Answer:
    """Return the redirect to the provider, with the cookie that binds the login to this browser."""
    response = redirect(begun.url)
    response.set_cookie(
        begun.cookie_name,
        begun.cookie,
        max_age=begun.max_age,
        path=addresses.callback_path(),
        secure=addresses.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def enter(new: NewSession) -> Answer:
    """Begin the session, and return the redirect to the page that was asked for."""
    begin_session(new)
    return to_page(new.next_path)


def to_page(path: str) -> Answer:
    """Return the redirect to a page; `path` is what `safe_next` gives."""
    return redirect(request.script_root + path)


def known_reason(word: str) -> EndReason:
    """Return the reason that a URL names."""
    try:
        return EndReason(word)
    except ValueError:
        return EndReason.UNKNOWN
