"""The routes below /auth: login, logout, the exchange of tokens, and the provider's back channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.configuration import conf
from fastapi import APIRouter, FastAPI, HTTPException, Query
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from astro_runtime_plugin.identity.airflow3 import address, answers, tokens
from astro_runtime_plugin.identity.airflow3.body import read_fields
from astro_runtime_plugin.identity.airflow3.login import begin_login, enter, finish_login
from astro_runtime_plugin.identity.airflow3.logout import end_session
from astro_runtime_plugin.identity.airflow3.logout_cookie import (
    delete_logout_cookie,
    is_logout_pending,
    set_logout_cookie,
)
from astro_runtime_plugin.identity.airflow3.middleware import caller_of
from astro_runtime_plugin.identity.airflow3.user import RuntimeUser
from astro_runtime_plugin.identity.next_url import origin_of, safe_next
from astro_runtime_plugin.identity.pages import html
from astro_runtime_plugin.identity.requests import bearer_token
from astro_runtime_plugin.identity.sessions.errors import LoginError, RefusalError
from astro_runtime_plugin.identity.sessions.process import service
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings
from astro_runtime_plugin.identity.tokens.verification import TokenError

NO_STORE = {"Cache-Control": "no-store"}
MISSING = "Send an access token of the identity provider, as Bearer or as the field subject_token."
OTHER_SITE = "A page of another site must not log anybody in."
EXCHANGE_SECONDS = ("api_auth", "jwt_cli_expiration_time")
BEARER_CHALLENGE = {"WWW-Authenticate": "Bearer", **NO_STORE}
Next = Annotated[str, Query(alias="next")]  # the page to come back to
PROXY_ONLY = LoginError("proxy", "Airflow is behind a proxy that logs users in: open it through that proxy.")
router = APIRouter()


def create_app() -> FastAPI:
    """Return the app that Airflow mounts under /auth."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.settings = read_settings(conf)  # read once: a setting may be a command
    app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Begin with the discovery of the provider, so that the first login does not wait for it."""
    await run_in_threadpool(service)
    yield


@router.get("/login")
async def login(request: Request, next_url: Next = "") -> Response:
    """Send the browser to the provider; first say why, where a session has ended.

    Who is logged in already goes on to the page that was asked for.
    """
    site = address.site_url(request)
    next_path = safe_next(next_url, address.ROOT, origin_of(site))
    caller = caller_of(request)
    if caller.user:
        return RedirectResponse(address.ROOT + next_path, 302)
    if isinstance(caller.problem, tokens.EndedSessionError):
        session_id = caller.problem.session_id
        url = await _logout_url(request, session_id) if is_logout_pending(request, session_id) else None
        if not url:
            return _ended(request, caller.problem.reason, next_path)
        return _to_logout(request, url, session_id, is_repeated=True)
    settings: IdentitySettings | None = request.app.state.settings
    if settings is None or not settings.has_provider:
        text = str(caller.problem.detail) if caller.problem else str(PROXY_ONLY)
        return answers.failure(LoginError("proxy", text), _has_admin_tokens(request))
    return await begin_login(request, next_path, _has_admin_tokens(request))


@router.get("/oidc-callback")
async def callback(request: Request) -> Response:
    """Turn the provider's answer into a session, or say why not."""
    return await finish_login(request, _has_admin_tokens(request))


@router.get("/ended")
async def ended(request: Request, next_url: Next = "") -> Response:
    """Say that the session has ended, and why; the provider's logout leads back to here."""
    caller = caller_of(request)
    if caller.user:
        return RedirectResponse(f"{address.ROOT}/", 302)
    problem = caller.problem
    reason = problem.reason if isinstance(problem, tokens.EndedSessionError) else EndReason.LOGOUT
    return _ended(request, reason, safe_next(next_url, address.ROOT))


@router.get("/logout")
async def logout_page(request: Request) -> Response:
    """Log out; where another site has sent the browser here, ask first."""
    if caller_of(request).user and address.is_from_other_site(request):
        form = html.Form(f"{address.PREFIX}/logout", {})
        return answers.page(html.logout_page(form, f"{address.ROOT}/"))
    return await _log_out(request)


@router.post("/logout")
async def logout(request: Request) -> Response:
    """Log out here and at the provider."""
    if address.is_from_other_site(request):
        raise HTTPException(403, "A page of another site must not log anybody out.")
    return await _log_out(request)


@router.get("/admin-token")
async def admin_form(request: Request) -> Response:
    """Show the form of the break-glass login."""
    if not _has_admin_tokens(request):
        raise HTTPException(404, "Not Found")
    return answers.ended(None, "", True)


@router.post("/admin-token")
async def admin_login(request: Request) -> Response:
    """Log the owner of a break-glass token in."""
    if address.is_from_other_site(request):
        raise HTTPException(403, OTHER_SITE)
    try:
        token = (await read_fields(request)).get(html.ADMIN_FIELD, "")
        new = await run_in_threadpool(service().admin_login, token)
    except ValueError as error:
        raise HTTPException(400, str(error)) from None
    except LoginError as error:
        return answers.failure(error, _has_admin_tokens(request))
    return enter(request, new)


@router.post("/token")
async def exchange(request: Request) -> Response:
    """Exchange an access token of the provider for a JWT of Airflow, which lives no longer and has the same roles."""
    try:
        access = await run_in_threadpool(service().exchange, await _given_token(request))
    except TokenError as error:
        raise HTTPException(401, str(error), {**tokens.CHALLENGE, **NO_STORE}) from None
    except RefusalError as error:
        raise HTTPException(403, str(error), NO_STORE) from None
    user = RuntimeUser.of_access(access)
    seconds = int(tokens.seconds_left(user, conf.getint(*EXCHANGE_SECONDS)))
    token = get_auth_manager().generate_jwt(user, expiration_time_in_seconds=seconds)
    return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": seconds}, 201, NO_STORE)


@router.post("/backchannel-logout")
async def backchannel_logout(request: Request) -> Response:
    """End the sessions that the provider's logout token names (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        token = (await read_fields(request)).get("logout_token", "")
        await run_in_threadpool(service().end_by_logout_token, token)
    except (TokenError, ValueError, LoginError) as error:
        body = {"error": "invalid_request", "error_description": str(error)}
        return JSONResponse(body, 400, NO_STORE)
    except SQLAlchemyError:
        return JSONResponse({"detail": EndReason.UNAVAILABLE.text}, 503, NO_STORE)
    return Response(headers=NO_STORE)


async def _given_token(request: Request) -> str:
    token = bearer_token(request.headers.get("authorization", ""))
    if not token:
        try:
            fields = await read_fields(request)
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        token = fields.get("subject_token") or fields.get("access_token") or ""
    if not token:
        raise HTTPException(401, MISSING, BEARER_CHALLENGE)
    return token


async def _log_out(request: Request) -> Response:
    user = caller_of(request).user
    if user is None or not user.session_id:
        return RedirectResponse(address.ENDED, 303)
    url = await _logout_url(request, user.session_id)
    return _to_logout(request, url or address.ENDED, user.session_id)


async def _logout_url(request: Request, session_id: str) -> str | None:
    """End a session, if it has not ended yet, and return the provider's logout."""
    return await run_in_threadpool(end_session, session_id, address.site_url(request))


def _to_logout(request: Request, url: str, session_id: str, is_repeated: bool = False) -> Response:
    response = RedirectResponse(url, 303)
    set_logout_cookie(request, response, session_id, is_repeated)
    return response


def _ended(request: Request, reason: EndReason, next_path: str) -> Response:
    response = answers.ended(reason, next_path, _has_admin_tokens(request))
    if reason is not EndReason.UNAVAILABLE:  # that session may well be alive
        address.delete_cookie(request, response)
        delete_logout_cookie(request, response)
    return response


def _has_admin_tokens(request: Request) -> bool:
    settings: IdentitySettings | None = request.app.state.settings
    return bool(settings and settings.admin_tokens)
