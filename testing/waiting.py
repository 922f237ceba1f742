"""Waits for what another process does: until a condition is true, a call succeeds or a line is printed."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from typing import IO, Any


def wait_until(
    condition: Callable[[], Any],
    describe: Callable[[], str] | None = None,
    *,
    seconds: float = 300,
    failed: Callable[[], bool] = lambda: False,
    pause: float = 0.2,
) -> Any:
    """Call `condition` every `pause` seconds until its result is true, and return the result.

    Raises AssertionError with the text of `describe` after `seconds`, or as soon as `failed` is true.
    """
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end or failed():
            if result := condition():  # what has ended, or took so long, may have met it at its end
                return result
            raise AssertionError(describe() if describe else f"not true within {seconds} s: {condition}")
        time.sleep(pause)
    return result


def retry(
    call: Callable[[], object],
    error: type[Exception],
    server: subprocess.Popen[bytes] | None = None,
    seconds: float = 300,
) -> None:
    """Repeat `call` until it does not raise `error`; raise it after `seconds`, or if `server` has ended."""
    end = time.monotonic() + seconds
    while True:
        try:
            call()
            return
        except error:
            if time.monotonic() > end or (server and server.poll() is not None):
                raise
            time.sleep(0.05)


def read_until(stream: IO[str] | None, pattern: str) -> str:
    """Read lines up to one that the regular expression matches; return all of them."""
    assert stream
    output = ""
    for line in stream:
        output += line
        if re.search(pattern, line):
            return output
    raise AssertionError(output)
