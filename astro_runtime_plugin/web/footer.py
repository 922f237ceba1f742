"""Puts the footer's script at the end of every HTML page that someone with a login asks for.

The script draws the footer from the Runtime's JSON, which checks the login; here it need only be there. So a page
holds no version, and one for a visitor without a login is left as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from astro_runtime_plugin.web.fail_safe import FailSafe

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

URL_PREFIX = "/astro-runtime"
STATIC = Path(__file__).parent / "static"
# What Sec-Fetch-Dest says of a page; of what a script fetches it says `empty`, and on plain http nothing.
PAGE_DESTINATIONS = (b"", b"document", b"iframe", b"frame", b"embed", b"object")


class FooterMiddleware:
    """A plain ASGI middleware: it keeps no body back, and leaves whatever is no HTML page alone."""

    def __init__(self, app: App, cookie: str) -> None:
        """`cookie` is the name of the cookie that a logged-in browser sends."""
        self.app = app
        self._cookie = re.compile(rb"(^|;)\s*" + re.escape(cookie.encode()) + b"=")
        self._or_as_it_is = FailSafe()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request; where the footer fails the page goes out as it is."""
        if scope["type"] == "http":
            send = self._or_as_it_is(self._wrap_send, scope, send) or send
        await self.app(scope, receive, send)

    def _wrap_send(self, scope: Message, send: Send) -> Send | None:
        """Return a `send` that ends a page with the script, or None where no page is asked for."""
        if not wants_footer(scope, self._cookie):
            return None
        tag = script(scope.get("root_path", ""))
        is_page = False

        async def adding(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                page = self._or_as_it_is(extend_content_length, message, len(tag))
                is_page, message = page is not None, page or message
            elif message["type"] == "http.response.body" and is_page and not message.get("more_body"):
                body = b"" if scope["method"] == "HEAD" else b"".join((message.get("body", b""), tag))
                message = {**message, "body": body}
            await send(message)

        return adding


def wants_footer(scope: Message, cookie: re.Pattern[bytes]) -> bool:
    """Tell whether a request comes with a login, and for a page to show rather than from a script.

    Where the server may send a file past this middleware (pathsend), nothing could be added to it.
    """
    login, asked_for = False, b""
    for name, value in scope["headers"]:
        login = login or name == b"authorization" or (name == b"cookie" and bool(cookie.search(value)))
        asked_for = value if name == b"sec-fetch-dest" else asked_for
    past = "http.response.pathsend" in (scope.get("extensions") or {})
    return login and asked_for in PAGE_DESTINATIONS and not past


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


def extend_content_length(start: Message, by: int) -> Message | None:
    """Return the start of an answer with a Content-Length, where it has one, of `by` more bytes; None if no page."""
    headers = start.get("headers", ())
    if not is_whole_page(start["status"], headers):
        return None
    changed = [
        (name, str(int(value) + by).encode() if name.lower() == b"content-length" else value)
        for name, value in headers
    ]
    return {**start, "headers": changed}
