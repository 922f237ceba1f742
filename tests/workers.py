"""Which tests run in one worker of pytest-xdist, and in which order: servers are started once, and nobody waits long.

A worker runs whole files, because a file shares its servers; and all files that need one of these fixtures, which take
long to make. What takes longest begins first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

SHARED = {"browser": "face", "servers": "face", "migrated": "migrated"}
# Parts of the paths of files that take more than half a minute, the slowest first.
SLOW = ("/face/", "/test_make_run", "/following/", "/components/", "/hook/", "/contract/", "/test_prepare")


def arrange(items: list[pytest.Item]) -> None:
    """Put each test into a group, which a worker runs as a whole, and the slow ones first."""
    by_file: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        by_file[item.nodeid.partition("::")[0]].append(item)
    for file, own in by_file.items():
        group = _shared(own) or Path(file).stem
        for item in own:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(item.nodeid))


def _shared(items: Iterable[pytest.Item]) -> str | None:
    needed = {name for item in items for name in getattr(item, "fixturenames", ())}
    return next((group for name, group in SHARED.items() if name in needed), None)


def _place(path: str) -> int:
    return next((place for place, part in enumerate(SLOW) if part in path), len(SLOW))
