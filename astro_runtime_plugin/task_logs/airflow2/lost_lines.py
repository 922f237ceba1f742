"""What becomes of lines that a full disk does not take: they are lost, with one warning, and the task goes on.

Python keeps what could not be written and tries it again with each further line, so that memory and time grow. It also
prints a traceback for each, which Airflow 2 makes lines of the same log.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress


class LostLines:
    """The `handleError` of a handler that writes a file."""

    def __init__(self, handler: logging.FileHandler) -> None:
        self._handler = handler
        self._has_warned = False

    def __call__(self, record: logging.LogRecord) -> None:
        """Forget a line that cannot be written; any other error is Python's own to handle."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            type(self._handler).handleError(self._handler, record)
            return
        self._forget()
        if not self._has_warned and sys.__stderr__:
            self._has_warned = True
            text = f"astro-runtime: lines of the log {self._handler.baseFilename} are lost: {error.strerror}"
            print(text, file=sys.__stderr__, flush=True)  # a logger would write into the same log

    def _forget(self) -> None:
        """Drop the open file with what its buffer holds; the handler opens it anew."""
        stream, self._handler.stream = self._handler.stream, None  # type: ignore[assignment]
        with suppress(OSError):
            if stream:
                stream.close()
