"""The lists that a project brings, packages.txt and requirements.txt: their lines, and how a bad one is told."""

from __future__ import annotations

import codecs
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


class ListError(Exception):
    """A list cannot be installed; `str()` is the message for the operator."""


@dataclass(frozen=True)
class Entry:
    """What a list asks for: a word of packages.txt, a line of requirements.txt; `str()` says where it stands."""

    path: Path
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


def read_lines(path: Path) -> list[str]:
    """Return the lines of a list; none where there is no such file. Raises ListError where it is no text.

    A mark at the beginning tells UTF-8 from UTF-16, which PowerShell writes; line ends are those of any system.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise ListError(f"{path}:{number}: this is no UTF-8; save the file as UTF-8") from None
    return re.split(r"\r\n|\r|\n", text)


def shortest(entries: Sequence[Entry], holds: Callable[[Sequence[Entry]], object]) -> Sequence[Entry]:
    """Return the shortest beginning of the entries of which `holds` is true: its last one is to blame.

    It is true of all of them, and stays true once it is. Empty where it is true of none at all.
    """
    if holds([]):
        return []
    counts = range(1, len(entries))
    return entries[: 1 + bisect_left(counts, True, key=lambda count: bool(holds(entries[:count])))]


def refuse(problems: Sequence[str]) -> None:
    """Raise ListError with all the problems, if there are any."""
    if problems:
        raise ListError("\n".join(problems))


def run(install: Callable[[], None]) -> NoReturn:
    """Install and exit: 0, or 1 after the message."""
    try:
        install()
    except (ListError, OSError) as error:
        sys.exit(str(error))
    sys.exit(0)
