"""A real API server, started through the entrypoint."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

from testing.auth_managers import FAB
from testing.servers import free_port
from testing.web.airflow_home import PASSWORD
from testing.web.web_server import WebServer, run_web_server
from tests.integration.web.airflow3 import home as homes


class Airflow3Server(WebServer):
    """A running API server: `fab` is whether FAB is its auth manager, `run_id` the run of the DAG `hello`."""

    login = home = "/"

    def __init__(self, url: str, environ: Mapping[str, str], log: Path, run_id: str) -> None:
        super().__init__(url, environ, log)
        self.fab = environ.get("AIRFLOW__CORE__AUTH_MANAGER") == FAB
        self.run_id = run_id

    def get(self, path: str, token: str | None = None) -> tuple[int, str, str]:
        """Return status, media type and text of the response to a GET."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._send(urllib.request.Request(f"{self.url}{path}", headers=headers))

    def token(self, user: str) -> str:
        """Return an API token of `user`."""
        data = json.dumps({"username": user, "password": PASSWORD}).encode()
        request = urllib.request.Request(
            f"{self.url}/auth/token", data, {"Content-Type": "application/json"}, method="POST"
        )
        status, _, text = self._send(request)
        assert status == 201, text
        return str(json.loads(text)["access_token"])

    def _send(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            response = urllib.request.urlopen(request)
        except HTTPError as error:
            response = error
        with response:
            return response.status, response.headers.get_content_type(), response.read().decode()


@contextmanager
def run_api_server(home: Path, prefix: str, variables: Mapping[str, str]) -> Iterator[Airflow3Server]:
    """Run `airflow api-server` with `variables` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {
        **homes.airflow3_environment(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        **variables,
    }
    log = home / f"api-server-{port}.log"
    address = ["--host", "127.0.0.1", "--port", str(port)]
    with run_web_server(["api-server", *address], environ, f"{url}/api/v2/version", log):
        yield Airflow3Server(url, environ, log, (home / "run_id").read_text())
