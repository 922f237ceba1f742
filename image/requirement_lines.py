"""The lines of requirements.txt, in pip's format: which there are, what each names, what of it may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from image.lists import Entry, read_lines

COMMENT = re.compile(r"(^|\s+)#.*")
INCLUDE = re.compile(r"""(?:-r|--requirements?)[ =]\s*["']?(.+?)["']?""")
# A value of an option that names a file, and a line that does so itself.
OF_AN_OPTION = re.compile(
    r"""(?:-[rcef]|--(?:requirement|constraint)s?|--editable|--find-links)[ =]?\s*["']?(.+?)["']?"""
)
A_FILE = re.compile(r"(\.{1,2}/\S+|[^\s@]+\.(?:whl|zip|tar\.gz))(?:\s.*)?")
# Any other option holds for the whole list, wherever it stands.
STANDS_IN_ORDER = re.compile(r"-[rce]\b|--(requirement|constraint)s?\b|--editable\b|[^-]")
REQUIRE_HASHES = "--require-hashes"
EGG = re.compile(r"#(?:.*&)?egg=([\w.-]+)")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def entries(path: Path) -> list[Entry]:
    """Return the lines of one list: those that a backslash joins as one, without comments, without empty ones."""
    found, text, start = [], "", 1
    for number, line in enumerate(read_lines(path), 1):
        bare = COMMENT.sub("", line)
        text += bare.removesuffix("\\")
        if not bare.endswith("\\"):
            found.append(Entry(path, start, text.strip()))
            text, start = "", number + 1
    found.append(Entry(path, start, text.strip()))
    return [entry for entry in found if entry.text]


def included(entry: Entry) -> Path | None:
    """Return the list that the line includes, where it is a file."""
    match = INCLUDE.fullmatch(entry.text)
    path = entry.path.parent / match[1] if match else None
    return path if path and path.is_file() else None


def walk(path: Path, seen: set[Path] | None = None) -> Iterator[Entry]:
    """Yield the lines of the list, and in place of a line that includes another list, the lines of that one."""
    seen = set() if seen is None else seen
    seen.add(path.resolve())
    for entry in entries(path):
        inner = included(entry)
        if not inner:
            yield entry
        elif inner.resolve() not in seen:
            yield from walk(inner, seen)


def missing_file(entry: Entry) -> str | None:
    """Return the file or folder that the line names by a relative path, where it is not there."""
    match = OF_AN_OPTION.fullmatch(entry.text) or A_FILE.fullmatch(entry.text)
    if not match or any(sign in match[1] for sign in (":", "$", "+")):  # a URL, a variable
        return None
    path = match[1].partition("[")[0]
    return None if any((base / path).exists() for base in (entry.path.parent, Path())) else path


def is_option(entry: Entry) -> bool:
    """Whether the line says how to install, and not what."""
    return not STANDS_IN_ORDER.match(entry.text)


def has_hash(entry: Entry) -> bool:
    """Whether the line tells a hash of its package."""
    return " --hash" in entry.text


def asks_for_hashes(entry: Entry) -> bool:
    """Whether every package must have a hash because of this line, as with pip."""
    return has_hash(entry) or entry.text == REQUIRE_HASHES


def named(entry: Entry) -> str | None:
    """Return the name of the package that the line asks for, normalised; None where the line does not tell."""
    if requirement := _requirement(entry):
        return canonicalize_name(requirement.name)
    if egg := EGG.search(entry.text):
        return canonicalize_name(egg[1])
    file = re.split(r"[?#\s]", entry.text)[0].rpartition("/")[2]
    for parse in (parse_wheel_filename, parse_sdist_filename):
        try:
            return parse(file)[0]
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
    beginning = NAME.match(entry.text)  # of a line that nobody can read: `apache-airflow=2.0`
    return canonicalize_name(beginning[0]) if beginning else None


def shown(entry: Entry) -> str:
    """Return what a message may say of the line: nothing of a URL or an option, which may hold a password."""
    requirement = _requirement(entry)
    if requirement and not requirement.url:
        return str(requirement)
    return requirement.name if requirement else "this line"


def _requirement(entry: Entry) -> Requirement | None:
    try:
        return Requirement(entry.text.partition(" --")[0])
    except InvalidRequirement:
        return None
