"""The lines that a start writes to stderr."""

from __future__ import annotations

import subprocess
import sys

import pytest

from entrypoint.log import log
from testing.entrypoint_process import CHECKOUT

CLOSED = "import os; os.close(2); from entrypoint.log import log; log('a'); print('goes on')"


def test_lines_have_the_prefix_and_are_utf_8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log("a", "1×2 \udce9")
    assert capfdbinary.readouterr() == (b"", "astro-runtime: a\nastro-runtime: 1×2 ?\n".encode())


def test_closed_stderr_does_not_stop_the_start() -> None:
    words = [sys.executable, "-c", CLOSED]
    assert subprocess.run(words, cwd=CHECKOUT, capture_output=True, check=True).stdout == b"goes on\n"
