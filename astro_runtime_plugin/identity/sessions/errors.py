"""Why a login did not become a session."""

from __future__ import annotations

from astro_runtime_plugin.identity.sessions.refusal import Refusal


class LoginError(Exception):
    """A login that failed. Show the message with a link to log in again: it never holds a token.

    `code` is one of: "state" (no login of this browser fits: replayed, expired, or another browser's; where the browser
    has a session already, go on to the start page instead), "provider" (the provider answered with an error), "away"
    (the provider does not answer), "token" (its answer does not verify), "user" (no user name), "admin-token",
    "database".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status of the page."""
        return 503 if self.code in ("away", "database") else 400


class RefusalError(Exception):
    """A user whom no rule matches: answer 403 with the refusal page; never redirect."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal
