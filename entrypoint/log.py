"""The start's log: lines on stderr, because stdout is the component's."""

from __future__ import annotations

import os


def log(*lines: str) -> None:
    """Write lines to stderr as UTF-8 whatever the locale; a log that cannot be written stops nothing."""
    try:
        os.write(2, "".join(f"astro-runtime: {line}\n" for line in lines).encode(errors="replace"))
    except OSError:
        pass
