"""What a request to the provider can fail with."""

from __future__ import annotations

# OAuth's and OpenID Connect's errors that say that a session, not a setting, is at its end.
SESSION_ENDS = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_grant",
        "invalid_token",
        "login_required",
    }
)
PASSES = frozenset({"server_error", "slow_down", "temporarily_unavailable"})


class ProviderError(Exception):
    """A request to the provider failed; `str()` says why in one line, without secrets.

    `transient` is whether the same request may succeed later; `code` is the provider's own word, such as
    `invalid_grant`, or empty.
    """

    def __init__(self, message: str, transient: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.transient, self.code = transient, code

    @property
    def ends_session(self) -> bool:
        """Whether the provider says that the user must log in again, or may not."""
        return self.code in SESSION_ENDS
