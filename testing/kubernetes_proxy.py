"""A proxy in front of a Kubernetes API server: what cannot be had of a real one on demand, it answers itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

CLOSED = 0  # instead of a status: the connection ends without a response
PASSED_ON = ("Accept", "Content-Type")


class KubernetesProxy:
    """Passes requests on to an API server, with its credentials.

    While `failure` is a status, or CLOSED, every new request gets it; a watch that has begun goes on. `requests` counts
    all requests. No pod in `kept` can be deleted. While `forgetful`, a new watch begins with a version that the API
    server no longer has, which it answers with 410.
    """

    def __init__(self, configuration: Any) -> None:
        self.failure: int | None = None
        self.requests = 0
        self.kept: set[str] = set()
        self.forgetful = False
        self.url = ""
        self._configuration = configuration
        self._running: set[asyncio.Task[Any]] = set()  # what handles a request

    def cut(self) -> None:
        """End the requests that run, which are the watches, without a complete response."""
        for task in list(self._running):
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def serve(self, ready: threading.Event, ended: asyncio.Event) -> None:
        """Serve on a free port until `ended`."""
        configuration = self._configuration
        tls = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            tls.load_cert_chain(configuration.cert_file, configuration.key_file)
        self._client = aiohttp.ClientSession(
            headers={auth["key"]: auth["value"] for auth in configuration.auth_settings().values()},
            connector=aiohttp.TCPConnector(ssl=tls, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await ended.wait()
        await runner.cleanup()
        await self._client.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        task = asyncio.current_task()
        assert task
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if self.failure == CLOSED and request.transport:
            request.transport.abort()
        is_kept = request.method == "DELETE" and request.path.rpartition("/")[2] in self.kept
        if self.failure is not None or is_kept:
            return web.json_response({"message": "injected by the test"}, status=self.failure or 500)
        try:
            return await self._pass_on(request)
        except aiohttp.ClientError:  # the API server is away
            if request.transport:
                request.transport.abort()
            return web.Response()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        url = URL(f"{self._configuration.host}{request.raw_path}", encoded=True)
        if self.forgetful and "watch" in url.query:
            url = url.update_query(resourceVersion="1")
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        async with self._client.request(
            request.method, url, data=await request.read(), headers=headers
        ) as answer:
            response = web.StreamResponse(
                status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "")}
            )
            response.enable_chunked_encoding()
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response


@contextmanager
def kubernetes_proxy(configuration: Any) -> Iterator[KubernetesProxy]:
    """Run a proxy; `configuration` is one of the Kubernetes client."""
    proxy, ready, ended = KubernetesProxy(configuration), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(ready, ended),), daemon=True)
    thread.start()
    try:
        assert ready.wait(60)
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()
