"""The log of the start: lines on stderr, because stdout belongs to the component."""

from __future__ import annotations

import os


def log(*lines: str) -> None:
    """Write lines to stderr as UTF-8, whatever the locale. A log that cannot be written never stops the start."""
    try:
        os.write(2, "".join(f"astro-runtime: {line}\n" for line in lines).encode(errors="replace"))
    except OSError:
        pass
