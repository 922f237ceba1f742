"""A real webserver, started through the entrypoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from tests.airflow2.face import home as homes
from tests.servers import free_port, until


class Server:
    """A running webserver: `url` ends without a slash, `environ` is what it was given, `log` what it says."""

    def __init__(self, url: str, environ: Mapping[str, str], log: Path) -> None:
        self.url = url
        self.log = log
        self.environ = environ
        self.image_tag = environ.get("AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG", "13.0.0")


@contextmanager
def serving(home: Path, prefix: str = "", **more: str) -> Iterator[Server]:
    """Run `airflow webserver` with `more` in its environment until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{prefix}"
    environ = {**homes.environment(home), "AIRFLOW__WEBSERVER__BASE_URL": url, **more}
    where = ["-H", "127.0.0.1", "-p", str(port), "--pid", str(home / f"webserver-{port}.pid")]
    log = home / f"webserver-{port}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoint", "airflow", "webserver", *where],
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until(lambda: urllib.request.urlopen(f"{url}/health").close(), URLError, process, 120)
        yield Server(url, environ, log)
    except URLError as error:
        raise AssertionError(log.read_text()) from error
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # gunicorn and its worker too; there is nothing to save
        process.wait()
