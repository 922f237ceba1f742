"""How much of a response the health check reads."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.health import http
from astro_runtime_plugin.health.http import MAX_BYTES, Server, send_get
from testing.fake_server import answering, fake_server


@pytest.mark.parametrize("extra", [0, 1])
def test_body_is_read_up_to_the_limit(extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 300)
    body = b"x" * (MAX_BYTES + extra)
    response = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with fake_server(answering(response)) as port:
        assert send_get(Server("127.0.0.1", str(port), False), "/") == (200, body[:MAX_BYTES])
