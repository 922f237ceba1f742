"""Finds out who makes a request, before Airflow does: by the session's cookie, or by the header of a trusted proxy.

A session that has ended is taken out of the request, which Airflow then refuses unless it needs no login; the refusal
says why. The API of the tasks is left alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from airflow.api_fastapi.core_api.security import USER_INJECTED_BY_TRUSTED_MIDDLEWARE
from airflow.configuration import conf
from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from astro_runtime_plugin.identity.airflow3 import answers, peer, tokens
from astro_runtime_plugin.identity.airflow3.address import (
    PREFIX,
    SESSION_COOKIE,
    SITE,
    cookie_values,
    is_from_other_site,
    site_url,
    without_session,
)
from astro_runtime_plugin.identity.airflow3.logout_cookie import has_logged_out, set_logout_cookie
from astro_runtime_plugin.identity.airflow3.user import RuntimeUser
from astro_runtime_plugin.identity.requests import SAFE_METHODS
from astro_runtime_plugin.identity.sessions.errors import RefusalError
from astro_runtime_plugin.identity.sessions.process import service
from astro_runtime_plugin.identity.sessions.session import EndReason
from astro_runtime_plugin.identity.settings import read_settings
from astro_runtime_plugin.identity.tokens.verification import TokenError

log = logging.getLogger("astro_runtime")
TASK_API, AIRFLOW_LOGOUT = "/execution", "/api/v2/auth/logout"
CALLER = "astro_runtime_caller"  # the name in the request's state
MAX_COOKIES = 4
SCHEME = "bearer "


@dataclass(frozen=True)
class RequestIdentity:
    """Who makes a request: `user`, or nobody. `problem` is why there is nobody although somebody was named."""

    user: RuntimeUser | None = None
    cookie: str = ""  # the one cookie that is the user's session
    problem: HTTPException | None = None


class IdentityMiddleware:
    """A plain ASGI middleware, around Airflow's own that looks at the cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._settings = read_settings(conf)
        if self._settings and self._settings.has_proxy:
            peer.note_peers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = str(scope.get("path", "")).removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path == TASK_API or path.startswith(f"{TASK_API}/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        tokens.VERIFIED.set(None)
        try:
            caller = await self._caller(request)
        except RefusalError as error:
            await answers.refusal(request, error)(scope, receive, send)
            return
        answer = _refusal_of_site(request, caller, path)
        if answer:
            await answer(scope, receive, send)
            return
        is_own_route = path.startswith("/auth/")  # its pages say why themselves
        if path == AIRFLOW_LOGOUT:
            SITE.set(site_url(request))
            send = _note_logout(request, caller, send)
        if caller.problem and not is_own_route and "authorization" not in request.headers:
            send = _explain(caller.problem, scope, receive, send)
        await self.app(_identified(scope, caller), receive, send)

    async def _caller(self, request: Request) -> RequestIdentity:
        """Return who makes a request. Raises RefusalError for a proxy's user without a role."""
        by_proxy = await self._caller_of_proxy(request)
        if by_proxy.user:
            return by_proxy
        by_cookie = await _caller_of_cookie(request)
        return by_proxy if by_proxy.problem and not by_cookie.user else by_cookie

    async def _caller_of_proxy(self, request: Request) -> RequestIdentity:
        settings = self._settings
        if settings is None or not settings.has_proxy:
            return RequestIdentity()
        values = request.headers.getlist(settings.proxy_jwt_header)
        if len(values) != 1 or not values[0] or not peer.is_from(request.scope, settings.proxy_addresses):
            return RequestIdentity()
        token = values[0][len(SCHEME) :] if values[0].lower().startswith(SCHEME) else values[0]
        try:
            access = await run_in_threadpool(service().proxy, token.strip())
        except TokenError as error:
            log.debug("the header of the trusted proxy is refused: %s", error)
            return RequestIdentity(problem=HTTPException(401, f"The proxy's token is refused: {error}"))
        return RequestIdentity(RuntimeUser.of_access(access))


async def _caller_of_cookie(request: Request) -> RequestIdentity:
    problem = None
    values = [value for header in request.headers.getlist("cookie") for value in cookie_values(header)]
    for value in values[:MAX_COOKIES]:
        try:
            user = await tokens.user_of_cookie(value)
        except HTTPException as error:
            problem = problem or error
            continue
        if user and has_logged_out(request, user.session_id):  # this process may not know it yet
            problem = tokens.EndedSessionError(EndReason.LOGOUT, user.session_id)
        elif user:
            return RequestIdentity(user, value)
    return RequestIdentity(problem=problem)


def _identified(scope: Scope, caller: RequestIdentity) -> Scope:
    """Return the request with its user, and with no other cookie of a session than the user's."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    cookies = "; ".join(filter(None, map(without_session, headers.getlist("cookie"))))
    del headers["cookie"]
    if caller.cookie:
        cookies = "; ".join(filter(None, (cookies, f"{SESSION_COOKIE}={caller.cookie}")))
    if cookies:
        headers["cookie"] = cookies
    state = {**scope.get("state", {}), CALLER: caller}
    if caller.user:
        state.update(user=caller.user, user_authenticated_via=USER_INJECTED_BY_TRUSTED_MIDDLEWARE)
    if caller.user and caller.cookie:
        tokens.VERIFIED.set((caller.cookie, caller.user))
    return {**scope, "headers": headers.raw, "state": state}


def _refusal_of_site(request: Request, caller: RequestIdentity, path: str) -> Response | None:
    """Return the answer to what a page of another site must not do with the browser's login; None if it may go on."""
    if caller.user is None or not is_from_other_site(request):
        return None
    if path == AIRFLOW_LOGOUT:
        return RedirectResponse(f"{PREFIX}/logout", 302)  # asks first
    if not caller.cookie and request.method not in SAFE_METHODS:
        return JSONResponse({"detail": "A page of another site must not change anything here."}, 403)
    return None


def _note_logout(request: Request, caller: RequestIdentity, send: Send) -> Send:
    """Return a `send` that adds our cookie to the answer of Airflow's own logout."""
    if caller.user is None or not caller.cookie:
        return send
    note = Response()
    set_logout_cookie(request, note, caller.user.session_id)
    cookies = [header for header in note.raw_headers if header[0] == b"set-cookie"]

    async def send_noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *cookies]}
        await send(message)

    return send_noted


def _explain(problem: HTTPException, scope: Scope, receive: Receive, send: Send) -> Send:
    """Return a `send` that answers with `problem` instead of Airflow's 401."""
    is_replaced = False

    async def send_explained(message: Message) -> None:
        nonlocal is_replaced
        if message["type"] == "http.response.start" and message["status"] == 401:
            is_replaced = True
            answer = JSONResponse(
                {"detail": problem.detail}, problem.status_code, dict(problem.headers or {})
            )
            await answer(scope, receive, send)
        elif not is_replaced:
            await send(message)

    return send_explained


def caller_of(request: Request) -> RequestIdentity:
    """Return the RequestIdentity of a request that has come through the middleware."""
    caller: RequestIdentity | None = getattr(request.state, CALLER, None)
    return caller or RequestIdentity()
