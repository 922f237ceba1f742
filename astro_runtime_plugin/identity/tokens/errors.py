"""Why a token, or a set of keys, is refused."""

from __future__ import annotations


class TokenError(Exception):
    """A token that is refused: `str()` says why in one line, without the token; `reason` is a short stable word.

    The reasons: algorithm, audience, expired, issuer, key, kind, malformed, nonce, not-before, signature, too-long.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def message(self) -> str:
        """What `str()` returns."""
        return str(self)


class UnknownKeyError(TokenError):
    """The token names a key that is not among the keys: perhaps the provider has new ones."""


class KeySetError(Exception):
    """A document that is not a usable set of keys; `str()` says why."""
