"""Text that another process wrote, as it may stand in a log line, a table or a page."""

from __future__ import annotations

from astro_runtime_plugin.parallelism.bounds import MAX_NAME


def printable(text: str, length: int = MAX_NAME) -> str:
    r"""Return at most `length` characters of `text` on one line.

    What is not printable, such as a line break or a terminal's escape, becomes visible: `\n`, `\x1b`.
    """
    cut = text if len(text) <= length else text[: length - 1] + "…"
    if cut.isprintable():
        return cut
    visible = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)
    return visible if len(visible) <= length else visible[: length - 1] + "…"
