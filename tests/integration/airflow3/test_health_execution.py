"""The health check of an API server that serves the tasks' API alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.health import http
from astro_runtime_plugin.health.__main__ import problem
from testing.entrypoint_process import environment
from testing.health_check import health_server


def test_api_server_with_only_the_execution_api_is_healthy_if_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 300)  # for a busy machine
    words = ("api-server", "--apps", "execution", "--port")
    with health_server({"status": "healthy"}, path="/execution/health") as port:
        assert problem(environment(tmp_path), (*words, port)) is None
    assert "does not answer" in str(problem(environment(tmp_path), (*words, port)))
