"""Files with the same content, as one file with several names: wheels cannot contain links."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

SMALLEST = 65536  # bytes: what smaller ones would save is not worth a link


def link_duplicates(folder: Path) -> int:
    """Replace equal files by hard links and return how many bytes that saved."""
    candidates = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size >= SMALLEST:
            candidates[path.stat().st_size, path.stat().st_mode].append(path)
    return sum(link_equal(paths) for paths in candidates.values() if len(paths) > 1)


def link_equal(paths: list[Path]) -> int:
    """Link those of the files that are the same."""
    saved, first_by_digest = 0, dict[bytes, Path]()
    for path in paths:
        first = first_by_digest.setdefault(hashlib.sha256(path.read_bytes()).digest(), path)
        if first != path:
            saved += path.stat().st_size
            path.unlink()
            path.hardlink_to(first)
    return saved
