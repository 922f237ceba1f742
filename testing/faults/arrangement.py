"""What some faults need of a system before it starts: a clock that can jump, a small disk for the logs."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("jumping_clock.c")
LOG_MEGABYTES = 256
CHUNK = bytes(1 << 20)


class Arrangement:
    """An arrangement that is in place; `environ` is what each component gets of it."""

    environ: Mapping[str, str] = {}


# Takes the folder of a system.
Arrange = Callable[[Path], AbstractContextManager[Arrangement]]


class JumpingClock(Arrangement):
    """The wall clock of all components, but not of the servers and the ledger.

    It is a library of our own, which is compiled here: Debian's libfaketime breaks Python's sleep if time that is
    measured does not jump as well, and a time namespace of Linux has no wall clock.
    """

    def __init__(self, home: Path) -> None:
        self._file, library = home / "clock", home / "jumping_clock.so"
        self.jump(0)
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)], check=True)
        self.environ = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self._file)}

    def jump(self, seconds: int) -> None:
        """Let the clock be this many seconds away from the real time."""
        with open(self._file, "r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


class LogVolume(Arrangement):
    """A small file system on which all logs are; it can be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no byte."""
        with open(self._filler, "wb", buffering=0) as filler:
            for size in (len(CHUNK), 1):
                _write_until_full(filler.fileno(), CHUNK[:size])

    def free(self) -> None:
        """Take away what filled it."""
        self._filler.unlink()


@contextmanager
def jumping_clock(home: Path) -> Iterator[JumpingClock]:
    """Give a system a clock of its own."""
    yield JumpingClock(home)


@contextmanager
def log_volume(home: Path) -> Iterator[LogVolume]:
    """Put the logs of a system on a file system of their own, which takes root to mount."""
    folder = home / "logs"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LOG_MEGABYTES}m", "logs", str(folder)], check=True)
    try:
        yield LogVolume(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _write_until_full(file: int, chunk: bytes) -> None:
    try:
        while True:
            os.write(file, chunk)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
