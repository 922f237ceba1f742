"""What a JWT without a session was made from: so it counts no longer than the token of the provider or the proxy."""

from __future__ import annotations

import json
from dataclasses import dataclass

from astro_runtime_plugin.identity.sessions.logout_marks import Issue


@dataclass(frozen=True)
class TokenOrigin:
    """The kind of token, what later logouts need of it, and a digest of the provider and the rules behind its grant."""

    kind: str
    issue: Issue
    basis: str

    def to_json(self) -> str:
        """Return a text without secrets, for `from_json`."""
        return json.dumps(
            [self.kind, self.basis, self.issue.issued_at, *self.issue.names], separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str) -> TokenOrigin:
        """Read what `to_json` has written. Raises ValueError for any other text."""
        try:
            kind, basis, issued_at, *names = json.loads(text)
            return cls(str(kind), Issue(tuple(map(str, names)), float(issued_at)), str(basis))
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError("this is no origin") from error
