"""What a check of the whole installation has found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from entrypoint.errors import NOT_SAFE, UNKNOWN

SafetyState = Literal["ok", "not safe", "unknown"]


class ClusterFinding(NamedTuple):
    """The result of one check: its subject, its state, a sentence without secrets, and what to do.

    `unknown` means that the question could not be answered.
    """

    check: str
    state: SafetyState
    finding: str
    remedy: str = ""


def safety_code(findings: Iterable[ClusterFinding]) -> int:
    """Return the exit code of a command with these findings; what is not safe counts more than what is unknown."""
    states = {finding.state for finding in findings}
    if "not safe" in states:
        return NOT_SAFE
    return UNKNOWN if "unknown" in states else 0
