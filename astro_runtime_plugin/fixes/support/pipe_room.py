"""Whether a pipe takes another message: a process that writes into a full one waits until the other end reads."""

from __future__ import annotations

import selectors
from typing import Any


def is_writable(pipe: Any, seconds: float = 0) -> bool:
    """Return whether a pipe's writing end takes a message of up to 4 kB without waiting; wait for that for `seconds`.

    Source: man 7 pipe. Only this process may write into the pipe. Raises ValueError or OSError if the pipe is closed.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_WRITE)
        return bool(selector.select(seconds))
