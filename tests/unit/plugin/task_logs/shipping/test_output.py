from __future__ import annotations

import socket
import subprocess
import sys

from astro_runtime_plugin.task_logs.shipping.output import WARNING_PREFIX
from testing.entrypoint_process import CHECKOUT

WARN = "from astro_runtime_plugin.task_logs.shipping.output import print_warning; print_warning('no store')"


def test_warning_is_one_write_even_if_output_is_not_buffered() -> None:
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # each write is a message
    with reader, writer:
        subprocess.run([sys.executable, "-u", "-c", WARN], stderr=writer.fileno(), cwd=CHECKOUT, check=True)
        assert reader.recv(4096).decode() == f"{WARNING_PREFIX}no store\n"
