"""The exit codes of the entrypoint and of the `astro-runtime` command, and the error that carries one.

This is the only place that defines an exit code. The numbers follow sysexits(3) and the shell;
docs/reference/exit-codes.md documents them.
"""

from __future__ import annotations

SETUP_FAILED = 1  # entrypoint: the migration failed, or the first user has no password
UNKNOWN = 1  # astro-runtime: the question cannot be answered in this environment
USAGE = 2  # entrypoint: no command; astro-runtime: invalid argument
NOT_MAINTAINED = 3  # astro-runtime check: the running release is unmaintained, superseded or yanked
REFUSED = 4  # astro-runtime identity check: the token lets nobody in
NOT_DRAINED = 5  # astro-runtime drain: tasks still ran when its time was over
NOT_SAFE = 6  # astro-runtime check --cluster: it is not safe to go on with a rolling upgrade
UNAVAILABLE = 75  # EX_TEMPFAIL: the database or the broker did not answer in time
CONFIG = 78  # EX_CONFIG: a value that cannot work
NOT_EXECUTABLE = 126  # entrypoint: the command exists, but cannot be executed
NOT_FOUND = 127  # entrypoint: the command does not exist
INTERRUPTED = 130  # astro-runtime logs: Ctrl-C, as a shell reports SIGINT


class StartError(Exception):
    """Stops the start: `str()` of it is the one message to print, `code` the exit code."""

    def __init__(self, message: str, code: int = CONFIG) -> None:
        super().__init__(message)
        self.code = code


def bad_value(location: str, value: str, must_be: str) -> StartError:
    """Return an error that names `location`, quotes `value` and states what it must be.

    Mask a secret before passing it in.
    """
    return StartError(f"{location} holds {truncate(value)!r}; it must be {must_be}")


def truncate(text: str, length: int = 200) -> str:
    """Return at most `length` characters of `text`, and an ellipsis if it is longer."""
    return text if len(text) <= length else text[:length] + "…"
