"""A text from stdin, such as a token, for a command that also works without one."""

from __future__ import annotations

import os
import selectors
import stat
import time
from collections.abc import Callable

from entrypoint.errors import USAGE, StartError

SILENT_SECONDS = 2.0  # before the command says what it waits for
MAX_SECONDS = 60.0
BLOCK = 65536  # bytes


class StdinText:
    """Reads a text from a file descriptor; `what` it must be, and `say` prints a line for the user."""

    def __init__(self, descriptor: int, what: str, say: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._what = what
        self._say = say

    def read(self, max_bytes: int) -> str:
        """Return the text without surrounding blanks; empty if stdin is a terminal, empty or closed.

        Says what it waits for if nothing comes for a while. Raises StartError for more than `max_bytes`, for what is
        not text, and if there is no end within MAX_SECONDS.
        """
        if not self._is_open() or os.isatty(self._descriptor):
            return ""
        data = self._read_all(max_bytes)
        try:
            return data.decode().strip()
        except UnicodeDecodeError as error:
            raise StartError(f"stdin is not text; it must be {self._what}", USAGE) from error

    def _is_open(self) -> bool:
        try:
            os.fstat(self._descriptor)
        except OSError:
            return False
        return True

    def _read_all(self, max_bytes: int) -> bytes:
        end = time.monotonic() + MAX_SECONDS
        data = self._read_block(end, is_first=True)
        block = data
        while block:
            if len(data) > max_bytes:
                raise StartError(f"stdin has more than {max_bytes} bytes; it must be {self._what}", USAGE)
            block = self._read_block(end)
            data += block
        return data

    def _read_block(self, end: float, is_first: bool = False) -> bytes:
        # A file is always ready, and some selectors refuse it.
        is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        if is_first and not is_file and not self._is_ready(SILENT_SECONDS):
            self._say(f"reading {self._what} from stdin, for up to {MAX_SECONDS:g} seconds")
        if not is_file and not self._is_ready(max(end - time.monotonic(), 0)):
            raise StartError(f"stdin did not end within {MAX_SECONDS:g} seconds", USAGE)
        return os.read(self._descriptor, BLOCK)

    def _is_ready(self, seconds: float) -> bool:
        with selectors.PollSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            return bool(selector.select(seconds))
