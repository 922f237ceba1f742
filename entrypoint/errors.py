"""The exit codes of the entrypoint and of `astro-runtime`, and the error that carries one."""

from __future__ import annotations

# Numbered as in sysexits(3) and the shell; docs/reference/exit-codes.md documents them.
SETUP_FAILED = 1  # the migration failed, or the first user has no password
UNKNOWN = 1  # `astro-runtime`: the question cannot be answered here
USAGE = 2
NOT_MAINTAINED = 3  # `astro-runtime check`: the running release is unmaintained, superseded or yanked
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
