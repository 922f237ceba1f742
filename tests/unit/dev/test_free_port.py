"""Two test runs on the same machine get different ports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from testing.entrypoint_process import CHECKOUT
from testing.servers import free_port

# Takes 20 of 60 ports and keeps them until its stdin ends.
PROGRAM = """
import json, sys
from testing.servers import free_port
print(json.dumps([free_port(range({first}, {first} + 60)) for _ in range(20)]), flush=True)
sys.stdin.read()
"""


def test_two_runs_get_different_ports() -> None:
    words = [sys.executable, "-c", PROGRAM.format(first=free_port())]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=CHECKOUT) as first,
        subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=CHECKOUT) as second,
    ):
        assert first.stdout
        assert second.stdout
        ports = [*json.loads(first.stdout.readline()), *json.loads(second.stdout.readline())]
        first.communicate()
        second.communicate()
    assert len(set(ports)) == 40


def test_port_in_use_is_skipped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match="no port of"):
            free_port(range(port, port + 1))
