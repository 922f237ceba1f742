"""Appends the footer's script to every HTML page that a logged-in user requests on Airflow 3.

The script draws the footer from the Runtime's API, which verifies the login; the middleware only looks for
credentials. A page therefore contains no version, and a visitor's page stays unchanged.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from astro_runtime_plugin.web.fail_safe import FailSafe
from astro_runtime_plugin.web.html_pages import (
    CONDITIONS,
    PAGE_DESTINATIONS,
    URL_PREFIX,
    is_validator,
    is_whole_page,
    may_be_conditional,
)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class FooterMiddleware:
    """A plain ASGI middleware: it buffers no body, and leaves everything but HTML pages alone."""

    def __init__(self, app: App, cookie: str, proxy_header: str = "") -> None:
        """`cookie` is the name of a logged-in browser's cookie, `proxy_header` that of what a trusted proxy sets."""
        self.app = app
        self._cookie = re.compile(rb"(^|;)\s*" + re.escape(cookie.encode()) + b"=")
        self._headers = {b"authorization", proxy_header.strip().lower().encode()}
        self._fail_safe = FailSafe()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request; if the footer fails, the page stays as Airflow rendered it."""
        if scope["type"] == "http" and (wrapped := self._fail_safe(self._wrap_send, scope, send)):
            send = wrapped
            scope = self._fail_safe(without_conditions, scope) or scope
        await self.app(scope, receive, send)

    def _wrap_send(self, scope: Message, send: Send) -> Send | None:
        """Return a `send` that appends the script to a page, or None if the request is not for a page."""
        if not wants_footer(scope, self._cookie, self._headers):
            return None
        tag = script_tag(scope.get("root_path", ""))
        is_page = False

        async def send_with_footer(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                page = self._fail_safe(extend_page, message, len(tag))
                is_page, message = page is not None, page or message
            elif message["type"] == "http.response.body" and is_page and not message.get("more_body"):
                body = b"" if scope["method"] == "HEAD" else b"".join((message.get("body", b""), tag))
                message = {**message, "body": body}
            await send(message)

        return send_with_footer


def wants_footer(scope: Message, cookie: re.Pattern[bytes], credentials: Collection[bytes]) -> bool:
    """Whether a request carries credentials and asks for a page.

    False if the server may send files itself (pathsend), because that bypasses the middleware.
    """
    has_credentials, destination = False, b""
    for name, value in scope["headers"]:
        if name in credentials or (name == b"cookie" and cookie.search(value)):
            has_credentials = True
        elif name == b"sec-fetch-dest":
            destination = value
    sends_files = "http.response.pathsend" in (scope.get("extensions") or {})
    return has_credentials and destination in PAGE_DESTINATIONS and not sends_files


@lru_cache(maxsize=8)
def script_tag(root_path: str) -> bytes:
    """Return the tag that loads the footer's script; `root_path` is the path prefix of `[api] base_url`."""
    url = html.escape(quote(f"{root_path}{URL_PREFIX}/static/footer.js"))
    return f'<script src="{url}" defer></script>'.encode()


def without_conditions(scope: Message) -> Message:
    """Return the request for a page without the conditions under which the answer would be "not modified"."""
    fields = dict(scope["headers"])
    if not may_be_conditional(fields.get(b"sec-fetch-dest", b""), fields.get(b"accept", b"")):
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]
    return {**scope, "headers": headers}


def extend_page(start: Message, extra: int) -> Message | None:
    """Return the `http.response.start` of a page with `extra` bytes more, and without what described the body before.

    None if the response is not a whole page.
    """
    headers = start.get("headers", ())
    if not is_whole_page(start["status"], headers):
        return None
    extended = [
        (name, str(int(value) + extra).encode() if name.lower() == b"content-length" else value)
        for name, value in headers
        if not is_validator(name)
    ]
    return {**start, "headers": extended}
