"""Finds the lines of requirements.txt that an error message of uv is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from image.requirement_entry import RequirementEntry, is_bare, package_name, url_location
from image.requirement_lines import flat_lines, flatten

# uv reads the flattened list from standard input, which it calls `-`: "in `-` at position 5" (bytes), "-:2:1".
POSITION = re.compile(r"`-` at position (\d+)")
LINE_AND_COLUMN = re.compile(r"(?<=: )-:(\d+):(?=\d+$)", re.MULTILINE)
NEWLINE = b"\n"
NAME = r"([A-Za-z0-9][\w.-]*)"
# "Failed to build `a==1.0`", and for what another package needs "was included because `b` (v2.0) depends on `a`".
FAILED = re.compile(rf"(?:Failed to [\w ]+|was included because) `{NAME}")
# "you require a>=1", "you require a and b<2", "you require one of:\n  a<1\n  a>1".
REQUIRED = re.compile(rf"you require (?:one of:\s+)?{NAME}\S*(?: and {NAME})?")


def with_locations(explanation: str, entries: Sequence[RequirementEntry]) -> str:
    """Replace positions in the flattened list with file and line."""
    text, owners = flatten(entries).encode(), [entry for entry, _ in flat_lines(entries)]
    if not owners:
        return explanation

    def at_line(line: int) -> RequirementEntry:
        return owners[min(line, len(owners) - 1)]

    explanation = POSITION.sub(
        lambda match: f"`{at_line(text.count(NEWLINE, 0, int(match[1])))}`", explanation
    )
    return LINE_AND_COLUMN.sub(lambda match: f"{at_line(int(match[1]) - 1)}:", explanation)


def entries_at_fault(explanation: str, entries: Sequence[RequirementEntry]) -> list[RequirementEntry]:
    """Return the entries that the explanation, with locations, is about; none if it names no entry."""
    if located := [entry for entry in entries if _location_in(entry, explanation)]:
        return located
    for name in FAILED.findall(explanation):
        if failed := entries_for(name, entries):
            return failed
    names = {name for match in REQUIRED.finditer(explanation) for name in match.groups() if name}
    required = {entry for name in names for entry in entries_for(name, entries)}
    return [entry for entry in entries if entry in required or _url_in(entry, explanation)]


def entries_for(name: str, entries: Sequence[RequirementEntry]) -> list[RequirementEntry]:
    """Return the entries that ask for the package: those that limit its version, or all if none does."""
    named = [entry for entry in entries if package_name(entry) == canonicalize_name(name)]
    return [entry for entry in named if not is_bare(entry)] or named


def _location_in(entry: RequirementEntry, explanation: str) -> bool:
    return bool(re.search(rf"(?<![\w./-]){re.escape(str(entry))}\b", explanation))


def _url_in(entry: RequirementEntry, explanation: str) -> bool:
    location = url_location(entry)
    return location is not None and location in explanation
