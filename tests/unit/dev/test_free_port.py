"""Two runs of the tests side by side are given different ports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from testing.entrypoint_process import CHECKOUT
from testing.servers import free_port

# Takes 20 of 60 ports, and holds them until its input ends.
ANOTHER_RUN = """
import json, sys
from testing.servers import free_port
print(json.dumps([free_port(range({first}, {first} + 60)) for _ in range(20)]), flush=True)
sys.stdin.read()
"""


def test_two_runs_are_given_different_ports() -> None:
    words = [sys.executable, "-c", ANOTHER_RUN.format(first=free_port())]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=CHECKOUT) as one,
        subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=CHECKOUT) as other,
    ):
        assert one.stdout
        assert other.stdout
        given = [*json.loads(one.stdout.readline()), *json.loads(other.stdout.readline())]
        one.communicate()
        other.communicate()
    assert len(set(given)) == 40


def test_a_port_that_is_listened_on_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match="no port of"):
            free_port(range(port, port + 1))
