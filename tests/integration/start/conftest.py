"""What the tests of the wait share."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.entrypoint_process import environment
from testing.fake_server import fake_server, greeting
from testing.servers import free_port


@pytest.fixture
def component(tmp_path: Path) -> dict[str, str]:
    """Return a PATH on which `airflow` is a program that prints that it started: only the wait is under test."""
    program = tmp_path / "bin" / "airflow"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho started "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{environment(tmp_path)['PATH']}"}


@pytest.fixture
def port() -> int:
    """Return a port of the loopback address on which nothing listens, nor will another test's server."""
    return free_port()


@pytest.fixture
def listening() -> Iterator[int]:
    """Return a port on which something answers that is neither a database nor a broker: that counts as reachable."""
    with fake_server(greeting(b"?\r\n")) as port:
        yield port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with `server.crt`, which is its own authority, and `server.key`."""
    folder = tmp_path_factory.mktemp("certificate")
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder)
