"""Which objects the log of a try consists of, and in which order they are read.

A *chunk* holds the bytes of the log from an offset on, which its name ends with. The *whole* object holds the log up
to the end of a part of the try, and has the name under which Airflow's own remote logging looks for it. Everything
here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

OFFSET_DIGITS = 12
MAX_BYTES = 10**OFFSET_DIGITS  # what offsets of that many digits can address
MAX_PATH_LENGTH = 1000  # bytes; S3 takes keys of 1024 and a store adds its prefix
_OFFSET = re.compile(rf"\.([0-9]{{{OFFSET_DIGITS}}})\Z")


class StoredObject(NamedTuple):
    """An object in a store: its key below the store's prefix, its size in bytes, and when it was written (epoch).

    `tag` changes with its content, where the store has such a thing.
    """

    key: str
    size: int
    modified: float
    tag: str = ""


class Stretch(NamedTuple):
    """The bytes of the log from `start` to `end`; those of the object `key` from `skip` on."""

    key: str
    skip: int
    start: int
    end: int


class Gap(NamedTuple):
    """Bytes of the log, from `start` to `end`, that no object holds."""

    start: int
    end: int


Segment = Stretch | Gap


def check_path(path: str) -> str:
    """Return the relative path of a log. Raises ValueError if it leads elsewhere or is too long."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ValueError("the path of a task's log must be relative, without empty parts, `.` and `..`")
    if len(path.encode(errors="surrogateescape")) > MAX_PATH_LENGTH:
        raise ValueError(f"the path of a task's log is longer than {MAX_PATH_LENGTH} bytes")
    return path


def chunk_key(path: str, offset: int) -> str:
    """Return the key of the chunk that begins at `offset`. Raises ValueError for an offset of too many digits."""
    if not 0 <= offset < MAX_BYTES:
        raise ValueError(f"offset {offset} is not between 0 and {MAX_BYTES}")
    return f"{path}.{offset:0{OFFSET_DIGITS}}"


def chunk_offset(path: str, key: str) -> int | None:
    """Return the offset of a chunk of the log at `path`, or None if the key is not that of one."""
    match = _OFFSET.match(key, len(path)) if key.startswith(path) else None
    return int(match[1]) if match else None


def log_path(key: str) -> str:
    """Return the path of the log that an object belongs to, be it a chunk or the whole."""
    return _OFFSET.sub("", key)


def objects_in_order(path: str, objects: Iterable[StoredObject]) -> list[tuple[int, StoredObject]]:
    """Return the objects of the log with their offsets: the whole first, then the chunks; no empty ones.

    A chunk that begins within the whole object and ends behind it is left out: the whole object was made without it,
    and whoever put it puts it again, behind.
    """
    objects = [stored for stored in objects if stored.size]
    whole = whole_of(path, objects)
    end = whole.size if whole else 0
    chunks = []
    for stored in objects:
        offset = chunk_offset(path, stored.key)
        if offset is not None and not offset < end < offset + stored.size:
            chunks.append((offset, stored))
    return [*([(0, whole)] if whole else []), *sorted(chunks)]


def segments(path: str, objects: Iterable[StoredObject], start: int = 0) -> list[Segment]:
    """Return what to read, in order, for the log from offset `start` on; adjacent, without overlap, up to its end."""
    plan: list[Segment] = []
    position = start
    for offset, stored in objects_in_order(path, objects):
        end = offset + stored.size
        if end <= position:
            continue
        if offset > position:
            plan.append(Gap(position, offset))
            position = offset
        plan.append(Stretch(stored.key, position - offset, position, end))
        position = end
    return plan


def whole_of(path: str, objects: Iterable[StoredObject]) -> StoredObject | None:
    """Return the whole object of the log, or None."""
    return next((stored for stored in objects if stored.key == path), None)


def end_of(path: str, objects: Iterable[StoredObject]) -> int:
    """Return the offset at which the log ends, 0 if there is none."""
    return max((offset + stored.size for offset, stored in objects_in_order(path, objects)), default=0)


def covered_chunks(path: str, objects: Iterable[StoredObject]) -> list[tuple[int, StoredObject]]:
    """Return the chunks of which nothing is read, since the whole object has their bytes, each with its end."""
    objects = list(objects)
    whole = whole_of(path, objects)
    ends = [(offset + stored.size, stored) for offset, stored in objects_in_order(path, objects)]
    return [(end, stored) for end, stored in ends if whole and stored != whole and end <= whole.size]
