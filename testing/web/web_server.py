"""A real web server of either Airflow, started through the entrypoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError

from testing.entrypoint_process import CHECKOUT
from testing.installed_line import RELEASE
from testing.servers import until

S = TypeVar("S", bound="Server")


class Server:
    """A running web server: `url` ends without a slash, `environ` is what it was given, `log` what it says.

    `login` is the path of a page that asks for a login, `home` that of the page that follows.
    """

    login: str
    home: str

    def __init__(self, url: str, environ: Mapping[str, str], log: Path) -> None:
        self.url = url
        self.environ = environ
        self.log = log
        self.image_tag = environ.get("AIRFLOW__ASTRO_RUNTIME__IMAGE_TAG", RELEASE)

    def run_python(self, code: str) -> None:
        """Run code in this server's installation, as another component that shares its database would."""
        words = [sys.executable, "-m", "entrypoint", "python", "-c", code]
        subprocess.run(
            words, env=dict(self.environ), cwd=CHECKOUT, check=True, capture_output=True, timeout=300
        )


@contextmanager
def on_demand(serving: Callable[[str], AbstractContextManager[S]]) -> Iterator[Callable[[str], S]]:
    """Yield a function that returns the server of a kind, which `serving` starts when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(serving(kind)))


@contextmanager
def started(words: Sequence[str], environ: Mapping[str, str], health: str, log: Path) -> Iterator[None]:
    """Run `airflow` with `words` from when the URL `health` answers until the end of the block."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoint", "airflow", *words],
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(health, process, log)
        yield
    finally:
        # Its workers too: how it stops is not looked at here, takes its time, and there is nothing to save.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(health: str, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        until(lambda: urllib.request.urlopen(health).close(), URLError, process, 300)
    except URLError as error:
        raise AssertionError(log.read_text()) from error
