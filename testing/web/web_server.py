"""A real web server of either line, started through the entrypoint."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from testing.entrypoint_process import CHECKOUT
from testing.installed_line import RELEASE
from testing.waiting import retry, wait_until

COMPONENT = """
    SELECT name FROM astro_runtime_state WHERE kind = 'component' AND json_extract(value, '$.image_tag') = ?
"""
S = TypeVar("S", bound="WebServer")


class WebServer:
    """A running web server: `url` ends without a slash, `environ` is its environment, `log` its output.

    `login` is the path of a page with the login form, `home` that of the page after the login.
    """

    login: str
    home: str

    def __init__(self, url: str, environ: Mapping[str, str], log: Path) -> None:
        self.url = url
        self.environ = environ
        self.log = log
        self.image_tag = environ.get("AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG", RELEASE)

    def is_recorded(self) -> bool:
        """Whether the database lists a component with this image tag: a web server records itself after its start."""
        path = Path(self.environ["AIRFLOW_HOME"]) / "airflow.db"
        with closing(sqlite3.connect(path, timeout=300)) as database, suppress(sqlite3.OperationalError):
            return database.execute(COMPONENT, (self.image_tag,)).fetchone() is not None
        return False  # the Runtime's table does not exist yet

    def run_python(self, code: str) -> None:
        """Run code with this server's settings, as another component that shares its database."""
        words = [sys.executable, "-m", "entrypoint", "python", "-c", code]
        subprocess.run(
            words, env=dict(self.environ), cwd=CHECKOUT, check=True, capture_output=True, timeout=300
        )


@contextmanager
def start_on_demand(start: Callable[[str], AbstractContextManager[S]]) -> Iterator[Callable[[str], S]]:
    """Yield a function that returns the server of a profile, which `start` starts on the first request for it."""
    with ExitStack() as stack:

        def start_and_wait(profile: str) -> S:
            server = stack.enter_context(start(profile))
            wait_until(server.is_recorded, server.log.read_text)
            return server

        yield cache(start_and_wait)


@contextmanager
def run_web_server(
    words: Sequence[str], environ: Mapping[str, str], health: str, log: Path
) -> Iterator[None]:
    """Run `airflow` with `words` until the end of the block, which starts when the URL `health` answers."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoint", "airflow", *words],
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(health, process, log)
        yield
    finally:
        # With its workers. A clean stop takes time; other tests cover it, and there is nothing to save.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_healthy(health: str, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        # Not only URLError: a server that hangs up before it has answered raises a ConnectionResetError.
        retry(lambda: urllib.request.urlopen(health).close(), OSError, process, 300)
    except OSError as error:
        raise AssertionError(log.read_text()) from error
