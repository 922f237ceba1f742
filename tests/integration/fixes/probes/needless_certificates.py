"""Sends a request with the client of the API server: `needless_certificates CERTIFICATE`, which is "" without TLS."""

from __future__ import annotations

import ssl
import sys
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from typing import Any

import certifi
import httpx
from airflow.sdk.api import client as api

from testing.proof import report

CERTIFICATE = sys.argv[1]
load: Any = ssl.SSLContext.load_verify_locations
loaded: list[Any] = []


def load_and_count(context: Any, *args: Any, **options: Any) -> Any:
    """Stand for what reads the certificates of a file."""
    loaded.append(args)
    return load(context, *args, **options)


def serve() -> str:
    """Start a server, and return its URL."""
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    if CERTIFICATE:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http{'s' if CERTIFICATE else ''}://127.0.0.1:{server.server_port}/"


def send(client: Any) -> str:
    """Return "ok", or the reason of TLS for a refusal."""
    try:
        return "ok" if httpx.Client.request(client, "GET", "/").is_success else "error"
    except httpx.ConnectError as error:
        return "CERTIFICATE_VERIFY_FAILED" if "CERTIFICATE_VERIFY_FAILED" in str(error) else str(error)


url = serve()
ssl.SSLContext.load_verify_locations = load_and_count  # type: ignore[method-assign, assignment]
client = api.Client(base_url=url, token="token")
seen = {"read": bool(loaded), "answer": send(client)}
if CERTIFICATE:
    seen["authorities"] = (certifi.where(),) in loaded
report(seen)
