"""The server of the update document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.update_server import UpdateServer, update_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[UpdateServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with update_server() as running:
        yield running
