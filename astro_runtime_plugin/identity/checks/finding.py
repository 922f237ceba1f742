"""What a check has found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from entrypoint.errors import CONFIG, UNAVAILABLE

State = Literal["ok", "warning", "unavailable", "wrong"]
EXIT_CODES: dict[State, int] = {"ok": 0, "warning": 0, "unavailable": UNAVAILABLE, "wrong": CONFIG}


class Finding(NamedTuple):
    """The result of one check: what was checked, its state, and a sentence without secrets.

    `unavailable` means that the provider does not answer now; `wrong`, that it never will as the settings are.
    """

    subject: str
    state: State
    text: str


def exit_code(findings: Iterable[Finding]) -> int:
    """Return the exit code of a command with these findings: 78 if something is wrong, 75 if something is away."""
    return max((EXIT_CODES[finding.state] for finding in findings), default=0)
