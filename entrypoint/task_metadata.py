"""Reads the limits of an Amazon ECS task from its metadata: on Fargate no control group shows them.

Source: Amazon ECS, task metadata endpoint version 4. `/task` has the task's limits, `CPU` in vCPUs and `Memory` in MiB;
the address itself has the container's, `CPU` in units of 1/1024 vCPU.
"""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

TIMEOUT = 1.0  # seconds for each step of a request
MAX_SECONDS = 2.0  # for the whole body
MAX_BYTES = 1024 * 1024
CHUNK = 65536
UNITS_PER_CPU = 1024
NO_CPU_UNITS = 2  # what a container without CPU units of its own has
MAX_CPUS, MAX_MEMORY = 10_000, 1 << 30  # vCPUs and MiB; more is no answer
MIB = 1024 * 1024


class UnavailableError(Exception):
    """The metadata cannot be read; the text says why."""


def task_limits(address: str) -> tuple[float | None, int | None]:
    """Return the CPUs and the memory, in bytes, of the task at `address`; None for what it does not limit.

    Raises UnavailableError.
    """
    task, container = (_limits(_get(address.rstrip("/") + path)) for path in ("/task", ""))
    cpus = _number(task, "CPU", MAX_CPUS) or _container_cpus(container)
    limits = [_number(document, "Memory", MAX_MEMORY) for document in (task, container)]
    memory = min((limit for limit in limits if limit), default=None)
    return cpus, int(memory * MIB) if memory else None


def _container_cpus(limits: dict[str, object]) -> float | None:
    units = _number(limits, "CPU", MAX_CPUS * UNITS_PER_CPU)
    return units / UNITS_PER_CPU if units and units > NO_CPU_UNITS else None


def _get(url: str) -> object:
    """Return the JSON document at `url`, without following a redirect."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UnavailableError("it is not an http address")
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
        try:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            if response.status != 200:
                raise UnavailableError(f"it answers {response.status}")
            return json.loads(_body(response))
        finally:
            connection.close()
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise UnavailableError(getattr(error, "strerror", None) or type(error).__name__) from error


def _body(response: http.client.HTTPResponse) -> bytes:
    """Return the body; it may neither be long nor take long."""
    end = time.monotonic() + MAX_SECONDS
    body = b""
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > MAX_BYTES or time.monotonic() > end:
            raise UnavailableError("its answer is too long or too slow")
    return body


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
