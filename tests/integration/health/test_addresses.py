"""The health check of a web server on every form of address that the line's real server accepts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem, report
from testing.entrypoint_process import environment
from testing.health_check import PATH, WEB
from testing.installed_line import LINE
from testing.servers import free_port
from testing.waiting import wait_until

HEALTH = '{"metadatabase": {"status": "healthy"}}'
APPLICATIONS = {
    "3.3": f"""
async def app(scope, receive, send):
    if scope["type"] == "http":
        status = 200 if scope["path"] == "{PATH}" else 404
        await send({{"type": "http.response.start", "status": status, "headers": []}})
        await send({{"type": "http.response.body", "body": b'{HEALTH}'}})
""",
    "2.11": f"""
def app(environ, start_response):
    start_response("200 OK" if environ["PATH_INFO"] == "{PATH}" else "404 Not Found", [])
    return [b'{HEALTH}']
""",
}
# How each line's Airflow passes the address to its server: airflow/cli/commands/api_server_command.py and
# webserver_command.py. An address of the second list means every address of this host.
SERVERS = {"3.3": ("uvicorn", "--host={host}", "--port={port}"), "2.11": ("gunicorn", "--bind={host}:{port}")}
HOSTS = {
    "3.3": ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "", "0", "0:0:0:0:0:0:0:0", "127.1"),
    "2.11": (
        *("127.0.0.1", "LOCALHOST", "[::1]", "0.0.0.0", "[::]", "", "0", "tcp://127.0.0.1"),
        *("unix:{home}/socket", "unix://{home}/socket"),
    ),
}
OPTION = {"3.3": "--host", "2.11": "--hostname"}[LINE]


@pytest.mark.parametrize("how", ["option", "setting"])
@pytest.mark.parametrize("form", HOSTS[LINE])
def test_server_is_healthy_at_every_address(tmp_path: Path, form: str, how: str) -> None:
    host, port = form.format(home=tmp_path), free_port()
    (tmp_path / "served.py").write_text(APPLICATIONS[LINE])
    module, *address = SERVERS[LINE]
    words = [word.format(host=host, port=port) for word in address]
    setting = {"3.3": "AIRFLOW__API__HOST", "2.11": "AIRFLOW__WEBSERVER__WEB_SERVER_HOST"}[LINE]
    environ = environment(tmp_path, {} if how == "option" else {setting: host})
    options = [f"{OPTION}={host}"] if how == "option" else []
    subcommand = (WEB, f"--port={port}", *options)
    assert "does not answer" in str(problem(environ, subcommand))
    command = [sys.executable, "-m", module, *words, "served:app"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_until(lambda: problem(environ, subcommand) is None, failed=lambda: server.poll() is not None)
            assert report(environ, subcommand) == (True, "")
        finally:
            server.terminate()
