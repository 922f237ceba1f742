"""A log file that raises no errors: what cannot be written is lost, and the next line is tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, BinaryIO

log = logging.getLogger("astro_runtime")


class TolerantFile:
    """The log file `name`, which `open_file` opens if `file`, the open file, is None.

    The first of several errors in a row logs one warning in this process's own log.
    """

    def __init__(self, name: str, open_file: Callable[[], BinaryIO], file: BinaryIO | None = None) -> None:
        self.name = name
        self._open_file = open_file
        self._file = file
        self._fails = False

    def __getattr__(self, name: str) -> Any:
        """Return the open file's own attribute; the upload of a log asks for `fileno`."""
        return getattr(self.__dict__.get("_file"), name)

    @property
    def closed(self) -> bool:
        """Whether the file has been closed."""
        return self._file is not None and self._file.closed

    def write(self, data: bytes) -> int:
        """Write to the file's buffer, and open the file if it is not open yet."""
        try:
            self._file = self._file or self._open_file()
            self._file.write(data)
        except OSError as error:
            self._warn(error)
        return len(data)

    def flush(self) -> None:
        """Write the buffer to the file. What the file does not take stays in the buffer as long as it has room."""
        if self._file is None:
            return
        try:
            self._file.flush()
            self._fails = False
        except OSError as error:
            self._warn(error)

    def close(self) -> None:
        """Close the file if it is open."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self._fails:
            log.warning("astro-runtime: lines of the log %s are lost: %s", self.name, error.strerror)
        self._fails = True
