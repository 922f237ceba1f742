"""What the refusal page shows: the user, the claims that were seen, the rules that did not match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from astro_runtime_plugin.options.text import single_line

MAX_CLAIMS, MAX_VALUES, MAX_RULES = 100, 50, 200


@dataclass(frozen=True)
class SeenClaim:
    """A claim of the token. `values` is set for claims that a rule reads; of the others only the name is shown."""

    name: str  # the claim's path, as the rules write it
    values: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Refusal:
    """Everything is plain text of one line: escape it in HTML."""

    user: UserIdentity
    claims: tuple[SeenClaim, ...]
    rules: tuple[str, ...]  # one line a rule, such as `Admin: groups = airflow-admins`
    note: str = ""  # what else may be wrong, such as more groups than fit into Entra's token
    logout_url: str | None = None  # the provider's own logout; None if it has none

    @property
    def text(self) -> str:
        """One sentence, for JSON answers."""
        return f"No rule of [astro_runtime] oidc_roles gives {single_line(self.user.name)} a role."


def refusal_of(
    user: UserIdentity, claims: Mapping[str, Any], rules: RoleRules, logout_url: str | None = None
) -> Refusal:
    """Return what can be told about somebody whom no rule matches."""
    seen = [SeenClaim(path, _texts(values)) for path, values in rules.values(claims).items()]
    others = [SeenClaim(single_line(name)) for name in sorted(claims) if name not in rules.values(claims)]
    lines = tuple(single_line(line) for line in rules.describe()[:MAX_RULES])
    return Refusal(user, tuple([*seen, *others][:MAX_CLAIMS]), lines, rules.omission(claims), logout_url)


def _texts(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(single_line(value) for value in values[:MAX_VALUES])
