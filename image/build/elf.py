"""Shared objects without the symbols that only a debugger or a linker reads."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

# Fields of a 64-bit little-endian ELF file: its header, and a row of its table of segments.
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
MAGIC = b"\x7fELF\x02\x01"
LOAD = 1  # the type of the segments that are mapped into memory
# Of the header: where the table of sections is, which nobody loads.
SECTIONS = (slice(0x28, 0x30), slice(0x3A, 0x40))

Segment = tuple[int, int, int, int, int, int, bytes]


def strip(path: Path) -> int:
    """Remove a file's symbols unless that changes what is loaded; return how many bytes it saved."""
    before = path.read_bytes()
    if not before.startswith(MAGIC):
        return 0
    copy = path.with_name(f"{path.name}.stripped")
    command = ["strip", "--strip-unneeded", "-o", str(copy), str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    after = copy.read_bytes() if done.returncode == 0 else before
    copy.unlink(missing_ok=True)
    if len(after) >= len(before) or segments(after) != segments(before):
        return 0
    path.write_bytes(after)
    return len(before) - len(after)


def segments(content: bytes) -> list[Segment] | None:
    """Return what the loader maps and reads, wherever in the file it is; None if the file cannot be loaded.

    strip corrupts some files that patchelf has rewritten, as it has in many wheels.
    """
    header = HEADER.unpack_from(content)
    offset, size, count = header[5], header[9], header[10]
    rows = [SEGMENT.unpack_from(content, offset + size * row) for row in range(count)]
    table = slice(offset, offset + size * count)
    blank = bytearray(content)
    for part in (*SECTIONS, table):
        blank[part] = bytes(part.stop - part.start)
    if any(kind == LOAD and (start - address) % align for kind, _, start, address, _, _, _, align in rows):
        return None
    return [
        (kind, flags, address, in_file, in_memory, align, bytes(blank[start : start + in_file]))
        for kind, flags, start, address, _, in_file, in_memory, align in rows
    ]
