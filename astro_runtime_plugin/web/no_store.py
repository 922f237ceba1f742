"""Has caches keep no answer of an app that does not say otherwise: what runs may be another thing a second later."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

from astro_runtime_plugin.web.footer import App, Message, Receive, Send


class NoStoreMiddleware:
    """A plain ASGI middleware; it covers the answers that refuse, too, which no dependency of a route does."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, sending)
