"""Tokens that come with each request: Bearer tokens of the provider, and the trusted proxy's header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions import audit
from astro_runtime_plugin.identity.sessions.cache import LeastRecentlyUsed
from astro_runtime_plugin.identity.sessions.errors import RefusalError
from astro_runtime_plugin.identity.sessions.logout_marks import Issue, LogoutMarks
from astro_runtime_plugin.identity.sessions.origin import TokenOrigin
from astro_runtime_plugin.identity.sessions.refusal import Refusal, refusal_of
from astro_runtime_plugin.identity.sessions.renewal import describe_grant
from astro_runtime_plugin.identity.sessions.session import Access
from astro_runtime_plugin.identity.sessions.store import hash_text
from astro_runtime_plugin.identity.sessions.user import NamelessUserError, identity_of, trusted_claims
from astro_runtime_plugin.identity.tokens.verification import KeySet, TokenError, UnknownKeyError

MAX_TOKENS = 5000
BEARER, PROXY = "access token", "proxy"  # the kinds, as the audit log names them
NOTED_SECONDS = (
    3600.0  # the audit log gets a line for a user of tokens once in this time, and for each change
)


class KeySource(Protocol):
    """The keys of an issuer: a Provider, or a KeyCache."""

    @property
    def keys(self) -> KeySet:
        """The keys in memory; empty before the first are here."""
        ...

    def request_renewal(self) -> None:
        """Have the keys read again in the background."""
        ...

    def renew_and_wait(self, seconds: float = 5.0) -> bool:
        """Read the keys again, and return whether there are newer ones."""
        ...


@dataclass(frozen=True)
class TokenKind:
    """What differs between Bearer tokens and those of a proxy."""

    name: str  # for the audit log
    keys: KeySource
    verify: Callable[[str, KeySet], dict[str, Any]]  # raises TokenError
    user_claim: str
    marks: LogoutMarks | None = None  # None for a proxy


@dataclass(frozen=True)
class CachedAccess:
    """What a token gave, with the keys and the rules that made it so."""

    result: Access | Refusal
    expires_at: float
    keys: KeySet
    rules: RoleRules
    issue: Issue | None


class TokenAccess:
    """Verifies tokens of one kind; the result is kept by the token's hash while keys and rules stay the same."""

    def __init__(
        self,
        kind: TokenKind,
        rules: Callable[[], RoleRules],
        audit_log: audit.AuditLog,
        clock: Callable[[], float],
    ) -> None:
        self._kind, self._rules, self._audit_log, self._clock = kind, rules, audit_log, clock
        self._cache: LeastRecentlyUsed[bytes, CachedAccess] = LeastRecentlyUsed(MAX_TOKENS)
        self._noted: LeastRecentlyUsed[str, tuple[str, float]] = LeastRecentlyUsed(MAX_TOKENS)

    def get(self, token: str, waits: bool = False) -> Access:
        """Return what a token gives. Raises TokenError and RefusalError.

        `waits`: for newer keys, where the token names an unknown one; before the first keys are here it always waits.
        """
        digest, rules, keys = (
            sha256(token.encode("utf-8", "replace")).digest(),
            self._rules(),
            self._kind.keys.keys,
        )
        cached = self._cache.get(digest)
        if cached and cached.keys is keys and cached.rules is rules and self._clock() < cached.expires_at:
            self._check_issue(cached.issue)
            return _access(cached.result)
        claims, keys = self._verify(token, waits)
        issue = self._kind.marks.issue(claims) if self._kind.marks else None
        self._check_issue(issue)
        result = self._read(claims, rules, issue)
        self._cache.put(digest, CachedAccess(result, _expiry(claims), keys, rules, issue))
        self._note(result)
        return _access(result)

    def check_origin(self, origin: TokenOrigin) -> None:
        """Raise TokenError if a token of this origin would not count now, or with another result. No I/O."""
        if origin.kind != self._kind.name or origin.basis != self._basis(self._rules()):
            raise TokenError("roles", "the rules have changed since the token was made; exchange a new one")
        self._check_issue(origin.issue)

    def _check_issue(self, issue: Issue | None) -> None:
        if issue and self._kind.marks and self._kind.marks.is_void(issue):
            raise TokenError("logout", "the provider has logged the user out since the token was issued")

    def _verify(self, token: str, waits: bool) -> tuple[dict[str, Any], KeySet]:
        """Return the token's claims, and the keys that it was verified with. Raises TokenError."""
        source, keys = self._kind.keys, self._kind.keys.keys
        try:
            return self._kind.verify(token, keys), keys
        except UnknownKeyError:
            if waits or not keys.keys:
                source.renew_and_wait()
            if source.keys is keys:
                source.request_renewal()
                raise
            keys = source.keys  # also if they came before the wait, which then was none
            return self._kind.verify(token, keys), keys

    def _read(self, claims: dict[str, Any], rules: RoleRules, issue: Issue | None) -> Access | Refusal:
        claims = trusted_claims(claims, is_proxy=self._kind.marks is None)
        try:
            user = identity_of(claims, self._kind.user_claim)
        except NamelessUserError as error:
            raise TokenError("malformed", str(error)) from None
        grant = rules.match(claims)
        if grant.is_empty:
            return refusal_of(user, claims, rules)
        origin = TokenOrigin(self._kind.name, issue or Issue((), 0.0), self._basis(rules))
        return Access(user, grant, _expiry(claims), origin.to_json())

    def _basis(self, rules: RoleRules) -> str:
        return hash_text(self._kind.marks.provider_name if self._kind.marks else "", rules.digest)

    def _note(self, result: Access | Refusal) -> None:
        """Leave a line in the audit log, unless the user has come with the same result lately."""
        is_refusal, now = isinstance(result, Refusal), self._clock()
        text = "no rule matches" if isinstance(result, Refusal) else describe_grant(result.grant)
        last_text, noted_at = self._noted.get(result.user.subject) or ("", 0.0)
        if last_text == text and now - noted_at < NOTED_SECONDS:
            return
        self._noted.put(result.user.subject, (text, now))
        event = audit.REFUSAL if is_refusal else audit.LOGIN
        self._audit_log.record(event, result.user.name, f"{self._kind.name}: {text}")


def _access(result: Access | Refusal) -> Access:
    if isinstance(result, Refusal):
        raise RefusalError(result)
    return result


def _expiry(claims: dict[str, Any]) -> float:
    return float(claims["exp"])
