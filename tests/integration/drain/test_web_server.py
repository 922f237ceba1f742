"""A web server that gets SIGTERM answers the request that it has begun, and then ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.installed_line import LINE
from testing.proof import copy_migrated_database, templates_folder
from testing.servers import free_port
from testing.waiting import retry, wait_until

# A page of a plugin whose answer waits for a file.
WAIT = """
import os, time
from pathlib import Path
from airflow.plugins_manager import AirflowPlugin

HOME = Path(os.environ["AIRFLOW_HOME"])

def wait():
    (HOME / "began").touch()
    while not (HOME / "go").exists():
        time.sleep(0.05)
    return "the answer"
"""
PLUGIN = {
    "3.3": f"""{WAIT}
from fastapi import FastAPI

app = FastAPI()
app.get("/wait")(wait)

class WaitPlugin(AirflowPlugin):
    name = "wait"
    fastapi_apps = [{{"app": app, "url_prefix": "/slow", "name": "slow"}}]
""",
    "2.11": f"""{WAIT}
from flask import Blueprint

blueprint = Blueprint("slow", __name__, url_prefix="/slow")
blueprint.route("/wait")(wait)

class WaitPlugin(AirflowPlugin):
    name = "wait"
    flask_blueprints = [blueprint]
""",
}[LINE]
COMMAND, HEALTH, WORKERS, STOPS = {
    "3.3": ("api-server", "/api/v2/version", "AIRFLOW__API__WORKERS", "Shutting down"),
    "2.11": ("webserver", "/health", "AIRFLOW__WEBSERVER__WORKERS", "Handling signal: term"),
}[LINE]


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path / "home"
    copy_migrated_database(templates_folder(tmp_path_factory), folder)
    (folder / "plugins").mkdir()
    (folder / "plugins" / "wait.py").write_text(PLUGIN)
    return folder


@contextmanager
def run_server(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a web server until the end of the block; yield its process and its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "entrypoint", "airflow", COMMAND, "--port", str(port)]
    environ = isolated_environment(home, **{WORKERS: "1"})
    with open(home / "server.log", "wb") as log:
        process = subprocess.Popen(
            words, env=environ, cwd=CHECKOUT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        retry(lambda: urllib.request.urlopen(f"{url}{HEALTH}").close(), OSError, process, 300)
        yield process, url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_request_that_has_begun_is_answered(home: Path) -> None:
    log = home / "server.log"
    with run_server(home) as (process, url), ThreadPoolExecutor() as executor:
        answer = executor.submit(lambda: urllib.request.urlopen(f"{url}/slow/wait", timeout=300).read())
        try:
            wait_until((home / "began").exists, log.read_text)
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: STOPS in log.read_text(), log.read_text, failed=answer.done)
        finally:
            (home / "go").touch()
        assert b"the answer" in answer.result()
        assert process.wait(300) == 0, log.read_text()
