"""What a token gives: its claims, whether it is verified and why not, the rules that match, and the role."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from astro_runtime_plugin.identity.checks.permissions import permissions_of
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions.user import NamelessUserError, identity_of, trusted_claims
from astro_runtime_plugin.identity.settings import IdentitySettings
from astro_runtime_plugin.identity.tokens.bounded_json import parse_object
from astro_runtime_plugin.identity.tokens.errors import TokenError
from astro_runtime_plugin.identity.tokens.keys import KeySet
from astro_runtime_plugin.identity.tokens.signature import MAX_TOKEN
from astro_runtime_plugin.identity.tokens.verification import verify, verify_access_token

MASK = "…"


@dataclass(frozen=True)
class TokenReport:
    """What a token gives; `problem` says why it is not verified, and is empty if it is, `reason` in a word."""

    problem: str
    reason: str
    claims: Mapping[str, Any]
    user: str
    grant: Grant
    permissions: list[str] = field(default_factory=list)

    @property
    def lets_in(self) -> bool:
        """Whether a request with this token has access to anything."""
        return not self.problem and not self.grant.is_empty

    def masked(self) -> TokenReport:
        """Return the report without the values of the claims, which the user's name and the problem repeat."""
        user = MASK if self.user else ""
        return replace(self, claims=_masked(self.claims), user=user, problem=self.reason)

    def as_json(self) -> dict[str, Any]:
        """Return the report as the command prints it with `--json`."""
        return {
            "verified": not self.problem,
            "problem": self.problem,
            "reason": self.reason,
            "user": self.user,
            "role": self.grant.role,
            "dags": [{"pattern": rule.pattern, "access": rule.access} for rule in self.grant.dags],
            "matched": list(self.grant.matched),
            "permissions": self.permissions,
            "claims": self.claims,
        }


def report_token(token: str, settings: IdentitySettings, rules: RoleRules, keys: TokenKeys) -> TokenReport:
    """Return what a token gives here, or would give if it were verified. Raises TokenError for what is no token."""
    claims = read_claims(token)
    is_proxy = is_from_proxy(claims, settings)
    counted = trusted_claims(claims, is_proxy=is_proxy)
    grant = rules.match(counted)
    problem, reason = problem_of(token, settings, keys, is_proxy)
    user = ""
    try:
        user = identity_of(counted, settings.user_claim).name
    except NamelessUserError as error:
        problem, reason = (problem, reason) if problem else (str(error), "malformed")
    return TokenReport(problem, reason, claims, user, grant, permissions_of(grant))


def is_from_proxy(claims: Mapping[str, Any], settings: IdentitySettings) -> bool:
    """Whether the token says that the trusted proxy has signed it."""
    return settings.has_proxy and claims.get("iss") == settings.proxy_jwt_issuer != settings.issuer


@dataclass(frozen=True)
class TokenKeys:
    """The keys of the issuer and of the proxy; each `…_problem` says why there are none."""

    issuer: KeySet = field(default_factory=KeySet)
    proxy: KeySet = field(default_factory=KeySet)
    issuer_problem: str = ""
    proxy_problem: str = ""


def read_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT without verifying it. Raises TokenError."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN:
        raise TokenError("too-long", f"the token is longer than {MAX_TOKEN} characters")
    if len(parts) == 5:
        raise TokenError("malformed", "the token is encrypted, and only its provider can read it")
    if len(parts) != 3:
        raise TokenError("malformed", "this is no JWT, which has three parts with dots between them")
    try:
        return parse_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError as error:
        raise TokenError("malformed", "the token's claims cannot be read") from error


def problem_of(token: str, settings: IdentitySettings, keys: TokenKeys, is_proxy: bool) -> tuple[str, str]:
    """Return why the token is not verified, in a sentence and in a word; both are empty if it is."""
    problem = keys.proxy_problem if is_proxy else keys.issuer_problem
    if problem:
        return problem, "no keys"
    try:
        if is_proxy:
            audiences = {settings.proxy_jwt_audience}
            verify(token, keys.proxy, issuer=settings.proxy_jwt_issuer, audiences=audiences, require=("exp",))
        else:
            _verify_access_token(token, settings, keys)
    except TokenError as error:
        return str(error), error.reason
    return "", ""


def _verify_access_token(token: str, settings: IdentitySettings, keys: TokenKeys) -> None:
    verify_access_token(
        token,
        keys.issuer,
        issuer=settings.issuer,
        client_id=settings.client_id,
        audiences=settings.audiences,
    )


def _masked(value: Any) -> Any:
    """Return a claim with every text and number in it replaced; names of members, lists and truth values stay."""
    if isinstance(value, Mapping):
        return {name: _masked(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_masked(member) for member in value]
    return value if isinstance(value, bool) or value is None else MASK
