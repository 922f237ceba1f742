"""The log of the start: lines on stderr, because stdout belongs to the component."""

from __future__ import annotations

import os

MAX_LINE = 4000  # characters


def log(*lines: str) -> None:
    """Write lines to stderr as UTF-8, whatever the locale. A log that cannot be written never stops the start."""
    text = "".join(f"astro-runtime: {escape_line(line)}\n" for line in lines)
    try:
        os.write(2, text.encode(errors="replace"))
    except OSError:
        pass


def escape_line(text: str) -> str:
    r"""Return `text` as one line of at most MAX_LINE characters, with what would act on a terminal made visible (`\n`).

    What was written elsewhere, such as a queue's name or a value, could otherwise add lines or hide others.
    """
    if len(text) > MAX_LINE:
        text = text[:MAX_LINE] + "…"
    return text if text.isprintable() else "".join(map(_visible, text))


def blank_unprintable(text: str) -> str:
    """Return `text` with a blank for each character that is not printable, such as a line break."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def _visible(character: str) -> str:
    if character.isprintable() or "\ud800" <= character <= "\udfff":
        return character
    return character.encode("unicode_escape").decode()
