"""The address of the peer that sent a request, before any X-Forwarded-For replaces it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
PEER = "astro_runtime.peer"  # no header can set it: those of a request are named HTTP_…


class PeerAddress:
    """A WSGI application around all others, Airflow's `enable_proxy_fix` included."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Note the peer, and pass the request on."""
        environ[PEER] = environ.get("REMOTE_ADDR", "")
        return self._application(environ, start_response)
