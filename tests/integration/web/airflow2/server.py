"""A real webserver, started through the entrypoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testing.servers import free_port
from testing.web import web_server as servers
from tests.integration.web.airflow2 import home as homes


class Server(servers.Server):
    """A running webserver."""

    login = "/login/"
    home = "/home"


@contextmanager
def serving(home: Path, prefix: str, more: Mapping[str, str]) -> Iterator[Server]:
    """Run `airflow webserver` with `more` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {**homes.environment(home), "AIRFLOW__WEBSERVER__BASE_URL": url, **more}
    log = home / f"webserver-{port}.log"
    where = ["-H", "127.0.0.1", "-p", str(port), "--pid", str(home / f"webserver-{port}.pid")]
    with servers.started(["webserver", *where], environ, f"{url}/health", log):
        yield Server(url, environ, log)
