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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("queue 'a\nastro-runtime: all is well'", r"queue 'a\nastro-runtime: all is well'"),
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("a\r\u2028\u202eb\x9b", r"a\r\u2028\u202eb\x9b"),
        ("1×2 火 '\\n'", "1×2 火 '\\n'"),
        ("x" * 4001, "x" * 4000 + "…"),
        ("x" * 4000, "x" * 4000),
    ],
)
def test_line_is_one_bounded_line_without_terminal_escapes(
    capfdbinary: pytest.CaptureFixture[bytes], text: str, line: str
) -> None:
    log(text)
    assert capfdbinary.readouterr() == (b"", f"astro-runtime: {line}\n".encode())


def test_closed_stderr_does_not_stop_the_start() -> None:
    words = [sys.executable, "-c", CLOSED]
    assert subprocess.run(words, cwd=CHECKOUT, capture_output=True, check=True).stdout == b"goes on\n"
