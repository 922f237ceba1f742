"""A real api-server, started through the entrypoint."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

from testing.servers import free_port
from testing.web import web_server as servers
from testing.web.airflow_home import PASSWORD
from tests.integration.web.airflow3 import home as homes


class Server(servers.Server):
    """A running api-server: `fab` says which auth manager it has, `run_id` names the run of the DAG `hello`."""

    login = home = "/"

    def __init__(self, url: str, environ: Mapping[str, str], log: Path, run_id: str) -> None:
        super().__init__(url, environ, log)
        self.fab = environ.get("AIRFLOW__CORE__AUTH_MANAGER") == homes.FAB
        self.run_id = run_id

    def get(self, path: str, token: str | None = None) -> tuple[int, str, str]:
        """Return the status, the media type and the text of the answer to a GET."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._ask(urllib.request.Request(f"{self.url}{path}", headers=headers))

    def token(self, user: str) -> str:
        """Log `user` in, as a program does."""
        data = json.dumps({"username": user, "password": PASSWORD}).encode()
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
def serving(home: Path, prefix: str, more: Mapping[str, str]) -> Iterator[Server]:
    """Run `airflow api-server` with `more` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {**homes.environment(home), "AIRFLOW__API__BASE_URL": url, "AIRFLOW__API__WORKERS": "1", **more}
    log = home / f"api-server-{port}.log"
    where = ["--host", "127.0.0.1", "--port", str(port)]
    with servers.started(["api-server", *where], environ, f"{url}/api/v2/version", log):
        yield Server(url, environ, log, (home / "run_id").read_text())
