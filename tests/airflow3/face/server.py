"""A real api-server, started through the entrypoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

from tests.airflow3.face import home as homes
from tests.servers import free_port


class Server:
    """A running api-server: `url` ends without a slash, `environ` is what it was given, `log` what it says."""

    def __init__(self, url: str, home: Path, environ: Mapping[str, str], log: Path) -> None:
        self.url = url
        self.environ = environ
        self.log = log
        self.fab = environ.get("AIRFLOW__CORE__AUTH_MANAGER") == homes.FAB
        self.image_tag = environ.get("AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG", "")
        self.run_id = (home / "run_id").read_text()

    def get(self, path: str, token: str | None = None) -> tuple[int, str, str]:
        """Return the status, the media type and the text of the answer to a GET."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._ask(urllib.request.Request(f"{self.url}{path}", headers=headers))

    def token(self, user: str) -> str:
        """Log `user` in, as a program does."""
        data = json.dumps({"username": user, "password": homes.PASSWORD}).encode()
        request = urllib.request.Request(
            f"{self.url}/auth/token", data, {"Content-Type": "application/json"}, method="POST"
        )
        status, _, text = self._ask(request)
        assert status == 201, text
        return str(json.loads(text)["access_token"])

    def _ask(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            answer = urllib.request.urlopen(request)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()


@contextmanager
def serving(home: Path, prefix: str = "", **more: str) -> Iterator[Server]:
    """Run `airflow api-server` with `more` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {**homes.environment(home), "AIRFLOW__API__BASE_URL": url, "AIRFLOW__API__WORKERS": "1", **more}
    where = ["--host", "127.0.0.1", "--port", str(port)]
    words = [sys.executable, "-m", "entrypoint", "airflow", "api-server", *where]
    log = home / f"api-server-{port}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(words, env=environ, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait(f"{url}/api/v2/version", process, log)
            yield Server(url, home, environ, log)
        finally:
            os.killpg(
                process.pid, signal.SIGKILL
            )  # how it stops is not looked at here, and it takes its time
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url).close()
            return
        except URLError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
