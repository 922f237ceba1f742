"""The browser's way to the provider and back."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from astro_runtime_plugin.identity.airflow3 import address, answers, tokens
from astro_runtime_plugin.identity.airflow3.middleware import caller_of
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.login import login_cookie_name
from astro_runtime_plugin.identity.sessions.process import service
from astro_runtime_plugin.identity.sessions.session import NewSession


async def begin_login(request: Request, next_path: str, has_admin_tokens: bool) -> Response:
    """Send the browser to the provider, with a cookie that binds the login to it."""
    try:
        begun = await run_in_threadpool(service().begin_login, next_path, _callback_url(request))
    except LoginError as error:
        return answers.failure(error, has_admin_tokens, next_path)
    response = RedirectResponse(begun.url, 302, {"Cache-Control": "no-store"})
    response.set_cookie(
        begun.cookie_name,
        begun.cookie,
        max_age=begun.max_age,
        path=address.CALLBACK,
        secure=address.is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


async def finish_login(request: Request, has_admin_tokens: bool) -> Response:
    """Turn the provider's answer into a session and go on to the page that was asked for, or say why not."""
    query = dict(request.query_params)
    try:
        new = await run_in_threadpool(
            service().finish_login, query, dict(request.cookies), _callback_url(request)
        )
    except RefusalError as error:
        response = answers.refusal(request, error)
    except LoginError as error:
        # The second callback of a login that succeeded: the browser's Back button, or two tabs.
        is_logged_in = error.code == "state" and caller_of(request).user is not None
        response = (
            RedirectResponse(f"{address.ROOT}/", 302)
            if is_logged_in
            else answers.failure(error, has_admin_tokens)
        )
    else:
        response = enter(request, new)
    response.delete_cookie(login_cookie_name(query.get("state", "")), path=address.CALLBACK)
    return response


def enter(request: Request, new: NewSession) -> Response:
    """Give the session to the browser, and go on to the page that was asked for."""
    signer = BaseAuthManager._get_token_signer()
    claims = tokens.cookie_claims(new.session.user.name, new.id)
    seconds = max(0.0, new.session.ends_at - new.session.renewed_at)
    response = RedirectResponse(address.ROOT + new.next_path, 303, {"Cache-Control": "no-store"})
    address.set_cookie(request, response, signer.generate(claims, valid_for=seconds))
    return response


def _callback_url(request: Request) -> str:
    return f"{address.site_url(request)}/auth/oidc-callback"
