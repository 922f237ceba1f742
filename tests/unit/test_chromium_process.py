"""What a Chromium of the tests can see of the machine's networks."""

from __future__ import annotations

import errno
import subprocess
import sys

from testing.entrypoint_process import CHECKOUT

OPEN_SOCKETS = """
import socket
from testing.chromium_process import refuse_netlink
refuse_netlink()
socket.socket(socket.AF_INET).close()
try:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
except OSError as error:
    print(error.errno)
"""


def test_netlink_is_refused_and_other_sockets_are_not() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_SOCKETS], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{errno.EAFNOSUPPORT}\n"
