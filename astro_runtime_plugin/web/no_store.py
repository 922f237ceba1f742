"""Tells caches not to store API responses, because they go stale at once."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

from astro_runtime_plugin.web.asgi_footer import App, Message, Receive, Send


class NoStoreMiddleware:
    """A plain ASGI middleware: unlike a dependency of the routes, it also covers error responses."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_no_store(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_no_store)
