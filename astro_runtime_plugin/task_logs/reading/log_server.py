"""Whether a worker's or triggerer's log server answers: a dead machine's keeps nobody waiting."""

from __future__ import annotations

import socket
import time

CONNECT_SECONDS = 1.0
SILENT_SECONDS = 10.0  # for which a log server that did not answer is not asked again: it may be starting
_silent: dict[tuple[str, int], float] = {}


def answers(host: str, port: int) -> bool:
    """Whether a log server accepts a connection; one that did not is not asked again for SILENT_SECONDS."""
    if time.monotonic() - _silent.get((host, port), float("-inf")) < SILENT_SECONDS:
        return False
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        _silent[host, port] = time.monotonic()
        return False
    return True
