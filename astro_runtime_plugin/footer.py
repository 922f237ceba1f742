"""Puts the footer's script at the end of every HTML page that the web server answers with.

The script, not this module, asks who is logged in and draws the footer. So a page says nothing to a visitor
who is not, and stays the same page for all.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

URL_PREFIX = "/astro-runtime"
STATIC = Path(__file__).parent / "static"
PAGES = (
    b"document",
    b"iframe",
    b"frame",
    b"embed",
    b"object",
)  # of Sec-Fetch-Dest; a script's fetch is `empty`

log = logging.getLogger("astro_runtime")


class FooterMiddleware:
    """A plain ASGI middleware: it keeps no body back, and leaves whatever is no HTML page alone."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._warned = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request; where the footer fails the page goes out as it is."""
        if scope["type"] == "http":
            try:
                send = _adding(scope, send)
            except Exception as error:
                self._warn(error)
        await self.app(scope, receive, send)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            log.warning("Pages go out without the Runtime's footer: %r", error)


def _adding(scope: Message, send: Send) -> Send:
    """Return a `send` that ends a page with the script; all that could fail is done before the first byte."""
    if not _asks_for_a_page(scope):
        return send
    tag = script(scope.get("root_path", ""))
    is_page = False

    async def adding(message: Message) -> None:
        nonlocal is_page
        if message["type"] == "http.response.start" and is_whole_page(message["status"], message["headers"]):
            is_page = True
            message = {**message, "headers": longer(message["headers"], len(tag))}
        elif message["type"] == "http.response.body" and is_page and not message.get("more_body"):
            body = b"" if scope["method"] == "HEAD" else message.get("body", b"") + tag
            message = {**message, "body": body}
        await send(message)

    return adding


def script(root_path: str) -> bytes:
    """Return the tag that loads the footer's script; `root_path` is the path prefix of `[api] base_url`."""
    url = html.escape(quote(f"{root_path}{URL_PREFIX}/static/footer.js"))
    return f'<script src="{url}" defer></script>'.encode()


def is_whole_page(status: int, headers: Headers) -> bool:
    """Tell whether an answer is HTML that a browser shows, all of it, and not compressed yet."""
    fields = {name.lower(): value.lower() for name, value in headers}
    return (
        (status == 200 or status >= 400)
        and fields.get(b"content-type", b"").startswith(b"text/html")
        and fields.get(b"content-encoding", b"identity") == b"identity"
        and not fields.get(b"content-disposition", b"").startswith(b"attachment")
    )


def longer(headers: Headers, by: int) -> list[tuple[bytes, bytes]]:
    """Return `headers` with a Content-Length, where there is one, that is `by` bytes more."""
    return [
        (name, str(int(value) + by).encode() if name.lower() == b"content-length" else value)
        for name, value in headers
    ]


def _asks_for_a_page(scope: Message) -> bool:
    """Leave alone what a script fetches, and what the server may send past this middleware (pathsend)."""
    asked_for = next((value for name, value in scope["headers"] if name == b"sec-fetch-dest"), PAGES[0])
    return asked_for in PAGES and "http.response.pathsend" not in (scope.get("extensions") or {})
