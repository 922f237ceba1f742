"""A log server that does not answer keeps nobody waiting, and is not asked again for a while."""

from __future__ import annotations

import socket

import pytest

from astro_runtime_plugin.task_logs.reading import log_server
from testing.servers import free_port


def test_server_that_listens_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert log_server.answers("127.0.0.1", server.getsockname()[1])


def test_dead_server_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    assert not log_server.answers("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        assert not log_server.answers("127.0.0.1", port)
        monkeypatch.setattr(log_server, "SILENT_SECONDS", 0)
        assert log_server.answers("127.0.0.1", port)
