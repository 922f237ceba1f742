"""A benchmark that is terminated leaves its blocks, as one that fails does."""

from __future__ import annotations

import signal
import subprocess
import sys

from testing.entrypoint_process import CHECKOUT

PROGRAM = """
import time
from bench.termination import exit_on_sigterm

exit_on_sigterm()
try:
    print("started", flush=True)
    time.sleep(600)
finally:
    print("stopped")
"""


def test_sigterm_leaves_the_blocks() -> None:
    words = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert (process.stdout.read(), process.wait(60)) == ("stopped\n", 143)
