"""Reads requirements.txt as pip does: with lines joined, comments removed, and included lists in place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from image.dependency_files import DependencyEntry, check_length, read_lines
from image.requirement_entry import RequirementEntry
from image.requirement_options import (
    CONSTRAINT,
    EDITABLE,
    FIND_LINKS,
    HASH,
    INDEX_URL,
    NAMES_OF_PACKAGES,
    REQUIREMENT,
    UV_READS,
    Option,
    OptionError,
    parse_options,
    split_line,
)

COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
FILE = re.compile(r"(\.{1,2}/\S+|[^\s@]+\.(?:whl|zip|tar\.gz))(?:\s.*)?")
WITH_FILE = {REQUIREMENT, CONSTRAINT, EDITABLE, FIND_LINKS}


def read_requirements(path: Path, seen: set[Path] | None = None) -> Iterator[RequirementEntry]:
    """Yield the logical lines of a list; an included list's own lines replace the option that includes it."""
    seen = set() if seen is None else seen
    seen.add(path.resolve())
    for entry in map(parse, _logical_lines(path)):
        included = [(option, _included_list(entry, option)) for option in entry.options]
        kept = tuple(option for option, file in included if not file)
        if kept or entry.requirement or entry.error:
            yield replace(entry, options=kept)
        for file in (file for _, file in included if file and file.resolve() not in seen):
            yield from read_requirements(file, seen)


def parse(entry: DependencyEntry) -> RequirementEntry:
    """Return the line with variables expanded, as pip does, and its options apart."""
    expanded = VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], entry.text)
    requirement, words = split_line(expanded)
    try:
        options, error = tuple(parse_options(words)), ""
    except OptionError as problem:
        options, error = (), str(problem)
    return RequirementEntry(entry.path, entry.number, entry.text, requirement, options, error)


def expanded_values(entries: Sequence[RequirementEntry]) -> set[str]:
    """Return the values of the variables that the lines name."""
    names = {name for entry in entries for name in VARIABLE.findall(entry.text)}
    return {os.environ[name] for name in names if os.environ.get(name)}


def missing_file(entry: RequirementEntry) -> str | None:
    """Return the first relative path that the line names without there being such a file or folder."""
    match = FILE.fullmatch(entry.requirement)
    named = [option.value for option in entry.options if option.name in WITH_FILE]
    for path in filter(None, map(_relative_path, [*named, *(match.groups() if match else ())])):
        bases = (entry.path.parent, Path())
        if not any(
            os.path.exists(base / path) for base in bases
        ):  # as Path.exists(), but also for too long a name
            return path
    return None


def flatten(entries: Sequence[RequirementEntry]) -> str:
    """Return one list for uv, in which paths are relative to the working directory."""
    return "".join(f"{line}\n" for _, line in flat_lines(entries))


def flat_lines(entries: Sequence[RequirementEntry]) -> list[tuple[RequirementEntry, str]]:
    """Return the lines of the list for uv, each with its entry: one option or one package a line.

    As with pip, the last --index-url counts. uv gets other options on its command line.
    """
    index = [entry for entry in entries for option in entry.options if option.name == INDEX_URL][-1:]
    return [(entry, line) for entry in entries for line in _lines(entry, with_index=entry in index)]


def _lines(entry: RequirementEntry, *, with_index: bool) -> Iterator[str]:
    names = UV_READS if with_index else UV_READS - {INDEX_URL}
    for option in entry.options:
        if option.name in NAMES_OF_PACKAGES:
            yield from (f"{option.name} {name.strip()}" for name in option.value.split(","))
        elif option.name in names:
            value = _with_folder(entry, option.value) if option.name in WITH_FILE else option.value
            yield f"{option.name} {value}".rstrip()
    if entry.requirement:
        hashes = (f" --hash={option.value}" for option in entry.options if option.name == HASH)
        match = FILE.fullmatch(entry.requirement)
        yield (_with_folder(entry, entry.requirement) if match else entry.requirement) + "".join(hashes)


def _logical_lines(path: Path) -> list[DependencyEntry]:
    """Return the lines, joined at a final backslash, without comments. As with pip, a comment ends what it joins."""
    entries, text, start = [], "", 1
    for number, line in enumerate(read_lines(path), 1):
        is_comment = line.lstrip().startswith("#")
        text += f" {line}" if is_comment else line.strip("\\") if line.endswith("\\") else line
        check_length(path, start, text)
        if is_comment or not line.endswith("\\"):
            entries.append(DependencyEntry(path, start, COMMENT.sub("", text).strip()))
            text, start = "", number + 1
    entries.append(DependencyEntry(path, start, COMMENT.sub("", text).strip()))
    return [entry for entry in entries if entry.text]


def _included_list(entry: RequirementEntry, option: Option) -> Path | None:
    path = entry.path.parent / option.value if option.name == REQUIREMENT else None
    return path if path and os.path.isfile(path) else None


def _relative_path(text: str) -> str | None:
    """Return the path in the text without extras; None for a URL or a variable."""
    if not text or any(sign in text for sign in (":", "$", "+")):
        return None
    return text.partition("[")[0]


def _with_folder(entry: RequirementEntry, text: str) -> str:
    """Return the text with the folder of its list in front of a path that is relative to that folder."""
    path, folder = (
        _relative_path(text.split(" ")[0] if text == entry.requirement else text),
        entry.path.parent,
    )
    return str(folder / text) if path and folder != Path() and os.path.exists(folder / path) else text
