"""Copies of a list with only some of its lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex

from image.lists import Entry
from image.requirement_lines import REQUIRE_HASHES, entries, included

PREFIX = ".astro-runtime-"
NAME = re.compile(re.escape(PREFIX) + r"[0-9a-f]{8}-")


@contextmanager
def copy(path: Path, kept: Collection[Entry]) -> Iterator[Path]:
    """Yield the path of a copy of the list, and of those that it includes, with the kept lines and no others.

    A copy lies beside its list, because paths in it are meant from there. A line has the number that it had.
    `--require-hashes` is never kept: uv would ask for hashes of the image's own packages, too.
    """
    with ExitStack() as stack:
        yield _copy(path, frozenset(kept), stack, set())


def original(text: str) -> str:
    """Return the text with the names of lists where it has those of their copies."""
    return NAME.sub("", text)


def _copy(path: Path, kept: frozenset[Entry], stack: ExitStack, seen: set[Path]) -> Path:
    seen.add(path.resolve())
    texts = {}
    for entry in entries(path):
        inner = included(entry)
        if not inner:
            texts[entry.number] = entry.text if entry in kept and entry.text != REQUIRE_HASHES else ""
        elif inner.resolve() not in seen:
            texts[entry.number] = f"-r {_copy(inner, kept, stack, seen)}"
    lines = [texts.get(number, "") for number in range(1, max(texts, default=0) + 1)]
    copied = path.absolute().with_name(f"{PREFIX}{token_hex(4)}-{path.name}")
    stack.callback(copied.unlink, missing_ok=True)
    copied.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return copied
