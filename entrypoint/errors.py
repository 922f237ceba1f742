"""The one error of the start: what happened, the name, the remedy."""

from __future__ import annotations

# The exit codes, as sysexits(3) and the shell number them; README.md lists them.
USAGE = 2
UNAVAILABLE = 75  # EX_TEMPFAIL: the database or the broker did not answer in time
CONFIG = 78  # EX_CONFIG: a value that cannot work
NOT_EXECUTABLE = 126
NOT_FOUND = 127


class StartError(Exception):
    """The start stops here; `str()` of it is the one message, `code` the exit code."""

    def __init__(self, message: str, code: int = CONFIG) -> None:
        super().__init__(message)
        self.code = code


def bad_value(where: str, held: str, must_be: str) -> StartError:
    """Say that `where` holds `held`, and what it must be. Mask secrets before they come here."""
    shown = held if len(held) <= 200 else held[:200] + "…"
    return StartError(f"{where} holds {shown!r}; it must be {must_be}")
