"""Text from outside, such as a tag, a host name or a reason, before it gets into a log, a page or a table."""

from __future__ import annotations

import json

from entrypoint.errors import truncate
from entrypoint.log import blank_unprintable

MAX_LENGTH = 200  # characters
MAX_NAME_LENGTH = 255  # characters, of a host or a queue


def single_line(text: str, max_length: int = MAX_LENGTH) -> str:
    """Return a text as one line of printable characters, at most `max_length` and an ellipsis.

    Line breaks and the characters that control a terminal or the direction of text become spaces.
    """
    head = text[: 2 * max_length + 1]  # a longer text costs no more
    return truncate(" ".join(blank_unprintable(head).split()), max_length)


def escape_unprintable(text: str) -> str:
    """Return JSON with its unprintable characters, which may control a terminal, as JSON escapes; lines stay lines."""
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def printable(text: str, length: int = MAX_NAME_LENGTH) -> str:
    r"""Return at most `length` characters of a name on one line.

    What is not printable, such as a line break or a terminal's escape, becomes visible: `\n`, `\x1b`.
    """
    cut = text if len(text) <= length else text[: length - 1] + "…"
    if cut.isprintable():
        return cut
    visible = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in cut)
    return visible if len(visible) <= length else visible[: length - 1] + "…"
