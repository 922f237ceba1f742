"""What becomes of lines that a full disk does not take: they are lost, with one warning, and the task goes on.

Python keeps what could not be written and tries it again with each further line, so that memory and time grow. It also
prints a traceback for each, which Airflow 2 makes lines of the same log.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import ClassVar


class LostLines:
    """The `handleError` of a handler that writes a file."""

    warned: ClassVar[set[str]] = set()
    """The files of which this process, or one that it was forked from, has said that lines are lost."""

    def __init__(self, handler: logging.FileHandler) -> None:
        self._handler = handler
        self.has_lost = False

    def __call__(self, record: logging.LogRecord) -> None:
        """Forget a line that cannot be written; any other error is Python's own to handle."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            type(self._handler).handleError(self._handler, record)
            return
        self.has_lost = True
        self._forget()
        self._warn_once(error)

    def _forget(self) -> None:
        """Drop the open file with what its buffer holds; the handler opens it anew."""
        stream, self._handler.stream = self._handler.stream, None  # type: ignore[assignment]
        with suppress(OSError):
            if stream:
                stream.close()

    def _warn_once(self, error: OSError) -> None:
        file = self._handler.baseFilename
        if file in self.warned or not sys.__stderr__:
            return
        self.warned.add(file)
        text = f"astro-runtime: lines of the log {file} are lost: {error.strerror}"
        with suppress(OSError, ValueError):  # it may be a file on the same disk, or closed
            print(text, file=sys.__stderr__, flush=True)  # a logger would write into the same log
