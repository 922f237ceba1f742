"""Reads the limits of an Amazon ECS task from its metadata: on Fargate no control group shows them.

Source: Amazon ECS, task metadata endpoint version 4. `/task` has the task's limits, `CPU` in vCPUs and `Memory` in MiB;
the address itself has the container's, `CPU` in units of 1/1024 vCPU.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT = 1.0  # seconds for each step of a request
MAX_SECONDS = 4.0  # for all requests and tries together, however slowly the answers come
TRIES = 2  # the worker's own process asks again, and must get the same answer
MAX_BYTES = 1024 * 1024
CHUNK = 65536
UNITS_PER_CPU = 1024
NO_CPU_UNITS = 2  # what a container without CPU units of its own has
MAX_CPUS, MAX_MEMORY = 10_000, 1 << 30  # vCPUs and MiB; more is no answer
MIB = 1024 * 1024


class UnavailableError(Exception):
    """The metadata cannot be read; the text says why."""


class _Socket(socket.socket):
    """A socket that receives until `end`, in seconds of the monotonic clock: a timeout alone starts anew each time."""

    end = 0.0

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_seconds_left(self.end))
        return super().recv_into(*arguments)


class _Connection(http.client.HTTPConnection):
    """An HTTP connection that ends at `end`."""

    def __init__(self, host: str, port: int | None, end: float) -> None:
        super().__init__(host, port, timeout=_seconds_left(end))
        self._end = end

    def connect(self) -> None:
        super().connect()
        plain = self.sock
        self.sock = _Socket(plain.family, plain.type, plain.proto, plain.detach())
        self.sock.settimeout(_seconds_left(self._end))
        self.sock.end = self._end


def task_limits(address: str) -> tuple[float | None, int | None]:
    """Return the CPUs and the memory, in bytes, of the task at `address`; None for what it does not limit.

    Raises UnavailableError.
    """
    end = time.monotonic() + MAX_SECONDS
    for _ in range(TRIES - 1):
        try:
            return _task_limits(address, end)
        except UnavailableError:
            pass
    return _task_limits(address, end)


def _task_limits(address: str, end: float) -> tuple[float | None, int | None]:
    task, container = (_limits(_get(address.rstrip("/") + path, end)) for path in ("/task", ""))
    cpus = _number(task, "CPU", MAX_CPUS) or _container_cpus(container)
    limits = [_number(document, "Memory", MAX_MEMORY) for document in (task, container)]
    memory = min((limit for limit in limits if limit), default=None)
    return cpus, int(memory * MIB) if memory else None


def _container_cpus(limits: dict[str, object]) -> float | None:
    units = _number(limits, "CPU", MAX_CPUS * UNITS_PER_CPU)
    return units / UNITS_PER_CPU if units and units > NO_CPU_UNITS else None


def _get(url: str, end: float) -> object:
    """Return the JSON document at `url`, without following a redirect."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UnavailableError("it is not an http address")
        connection = _Connection(parts.hostname, parts.port, end)
        try:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            if response.status != 200:
                raise UnavailableError(f"it answers {response.status}")
            return json.loads(_body(response))
        finally:
            connection.close()
    except TimeoutError as error:
        raise UnavailableError("it does not answer in time") from error
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise UnavailableError(getattr(error, "strerror", None) or type(error).__name__) from error


def _body(response: http.client.HTTPResponse) -> bytes:
    """Return the body, which may not be long."""
    body = b""
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise UnavailableError("its answer is too long")
    return body


def _seconds_left(end: float) -> float:
    """Return the timeout of the next step. Raises TimeoutError if there is no time left."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, TIMEOUT)


def _limits(document: object) -> dict[str, object]:
    """Return the `Limits` of a document; an empty object if it has none."""
    limits = document.get("Limits") if isinstance(document, dict) else None
    return limits if isinstance(limits, dict) else {}


def _number(limits: dict[str, object], name: str, maximum: int) -> float | None:
    """Return a number above 0, or None if there is none."""
    value = limits.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 < value <= maximum else None
