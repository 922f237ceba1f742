"""Reads requirements.txt as pip does: with lines joined, comments removed, and included lists in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from image.dependency_files import Entry, read_lines
from image.requirement_entry import REQUIRE_HASHES

COMMENT = re.compile(r"(^|\s+)#.*")
INCLUDE = re.compile(r"""(?:-r|--requirements?)[ =]\s*["']?(.+?)["']?""")
OPTION_WITH_FILE = re.compile(
    r"""(?:-[rcef]|--(?:requirement|constraint)s?|--editable|--find-links)[ =]?\s*["']?(.+?)["']?"""
)
FILE = re.compile(r"(\.{1,2}/\S+|[^\s@]+\.(?:whl|zip|tar\.gz))(?:\s.*)?")


def read_requirements(path: Path, seen: set[Path] | None = None) -> Iterator[Entry]:
    """Yield the logical lines of a list; an included list's own lines replace the line that includes it."""
    seen = set() if seen is None else seen
    seen.add(path.resolve())
    for entry in _logical_lines(path):
        included = _included_list(entry)
        if not included:
            yield entry
        elif included.resolve() not in seen:
            yield from read_requirements(included, seen)


def missing_file(entry: Entry) -> str | None:
    """Return the relative path that the line names, if there is no such file or folder."""
    path = _relative_path(entry)
    return None if not path or any((base / path).exists() for base in (entry.path.parent, Path())) else path


def flatten(entries: Sequence[Entry]) -> str:
    """Return one list with a line for each entry, in which paths are relative to the working directory.

    `--require-hashes` becomes an empty line: uv would require hashes of the image's own packages as well.
    """
    return "".join("\n" if entry.text == REQUIRE_HASHES else f"{_with_folder(entry)}\n" for entry in entries)


def _logical_lines(path: Path) -> list[Entry]:
    entries, text, start = [], "", 1
    for number, line in enumerate(read_lines(path), 1):
        content = COMMENT.sub("", line)
        text += content.removesuffix("\\")
        if not content.endswith("\\"):
            entries.append(Entry(path, start, text.strip()))
            text, start = "", number + 1
    entries.append(Entry(path, start, text.strip()))
    return [entry for entry in entries if entry.text]


def _included_list(entry: Entry) -> Path | None:
    match = INCLUDE.fullmatch(entry.text)
    path = entry.path.parent / match[1] if match else None
    return path if path and path.is_file() else None


def _file_match(entry: Entry) -> re.Match[str] | None:
    return OPTION_WITH_FILE.fullmatch(entry.text) or FILE.fullmatch(entry.text)


def _relative_path(entry: Entry) -> str | None:
    match = _file_match(entry)
    if not match or any(sign in match[1] for sign in (":", "$", "+")):  # a URL or a variable
        return None
    return match[1].partition("[")[0]


def _with_folder(entry: Entry) -> str:
    """Return the line with the folder of its list in front of a path that is relative to that folder."""
    match, path, folder = _file_match(entry), _relative_path(entry), entry.path.parent
    if not match or not path or folder == Path() or not (folder / path).exists():
        return entry.text
    return f"{entry.text[: match.start(1)]}{folder / match[1]}{entry.text[match.end(1) :]}"
