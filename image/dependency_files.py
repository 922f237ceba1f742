"""packages.txt and requirements.txt: how they are read, and how their errors are reported."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

MAX_BYTES = 1 << 20  # of a list
MAX_LINES = 20_000  # of a list; with hashes, a package may take a hundred
MAX_LINE_LENGTH = 1 << 16  # characters of a line, also of one that backslashes join


class DependencyFileError(Exception):
    """A list cannot be installed; `str()` is the message for the operator."""


@dataclass(frozen=True)
class DependencyEntry:
    """One word of packages.txt or one logical line of requirements.txt; `str()` is its `file:line`."""

    path: Path
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


def read_lines(path: Path) -> list[str]:
    """Return a list's lines; none if the file does not exist.

    Raises DependencyFileError unless it is UTF-8 or UTF-16, and of limited size. A byte order mark distinguishes UTF-8
    from UTF-16, which PowerShell writes. Any line ending is accepted.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return []
    if len(data) > MAX_BYTES:
        raise DependencyFileError(f"{path}: this is larger than {MAX_BYTES >> 20} MiB; no list is")
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise DependencyFileError(f"{path}:{number}: this is not UTF-8; save the file as UTF-8") from None
    lines = re.split(r"\r\n|\r|\n", text)
    if len(lines) > MAX_LINES:
        raise DependencyFileError(f"{path}: this has more than {MAX_LINES} lines; no list has")
    for number, line in enumerate(lines, 1):
        check_length(path, number, line)
    return lines


def check_length(path: Path, number: int, line: str) -> None:
    """Raise DependencyFileError if the line that begins at line `number` is too long."""
    if len(line) > MAX_LINE_LENGTH:
        raise DependencyFileError(
            f"{path}:{number}: this line has more than {MAX_LINE_LENGTH} characters; no line of a list has"
        )


def raise_problems(problems: Sequence[str]) -> None:
    """Raise DependencyFileError with all the problems, if there are any."""
    if problems:
        raise DependencyFileError("\n".join(problems))


def run_and_exit(install: Callable[[], None]) -> NoReturn:
    """Call `install` and exit with 0, or with 1 and the message of its DependencyFileError or OSError."""
    try:
        install()
    except (DependencyFileError, OSError) as error:
        sys.exit(str(error))
    sys.exit(0)
