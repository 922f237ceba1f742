"""A real webserver, started through the entrypoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testing.servers import free_port
from testing.web.web_server import WebServer, run_web_server
from tests.integration.web.airflow2 import home as homes


class Airflow2Server(WebServer):
    """A running webserver."""

    login = "/login/"
    home = "/home"


@contextmanager
def run_webserver(home: Path, prefix: str, variables: Mapping[str, str]) -> Iterator[Airflow2Server]:
    """Run `airflow webserver` with `variables` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {**homes.airflow2_environment(home), "AIRFLOW__WEBSERVER__BASE_URL": url, **variables}
    log = home / f"webserver-{port}.log"
    options = ["-H", "127.0.0.1", "-p", str(port), "--pid", str(home / f"webserver-{port}.pid")]
    with run_web_server(["webserver", *options], environ, f"{url}/health", log):
        yield Airflow2Server(url, environ, log)
