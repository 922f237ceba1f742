"""A TCP gate before a server of 127.0.0.1: it passes bytes on, is away, or is silent as if packets were dropped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from testing.entrypoint_process import CHECKOUT
from testing.faults.gate_process import AWAY, OPEN
from testing.servers import free_port


class TcpGate:
    """A gate on `port` before the server on another port.

    Away, it refuses connections and has cut those that were open. Silent, it accepts connections and passes nothing on
    until it opens again: those that wait then go on, as after a cable that was pulled and plugged in again. It is a
    process of its own, so that nothing else delays what passes through it.
    """

    def __init__(self, upstream: int = 0) -> None:
        self.port = free_port()
        words = [sys.executable, "-m", "testing.faults.gate_process", str(self.port), str(upstream)]
        self._process = subprocess.Popen(
            words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.set(OPEN)

    def set(self, mode: str) -> None:
        """Change the mode; return when it has changed."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{mode}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline()

    @contextmanager
    def closed(self, mode: str = AWAY) -> Iterator[None]:
        """Be away, or silent, until the end of the block."""
        self.set(mode)
        try:
            yield
        finally:
            self.set(OPEN)

    def close(self) -> None:
        """Cut everything, and listen no more."""
        with self._process:
            self._process.kill()


@contextmanager
def tcp_gate(upstream: int = 0) -> Iterator[TcpGate]:
    """Run a gate before the server on this port, or before none, until the end of the block."""
    gate = TcpGate(upstream)
    try:
        yield gate
    finally:
        gate.close()
