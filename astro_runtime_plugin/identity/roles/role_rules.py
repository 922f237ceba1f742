"""The rules of `oidc_roles`, and how they are matched with somebody's claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from astro_runtime_plugin.identity.roles.claim_path import ClaimPath
from astro_runtime_plugin.identity.roles.grant import ROLES, DagRule, Grant
from astro_runtime_plugin.identity.roles.patterns import has_wildcard, matches

OVERAGE = "_claim_names"  # Entra ID names here the claims that were too long for the token
Values = Mapping[str, tuple[str, ...]]  # by the claim's path


@dataclass(frozen=True)
class Condition:
    """A value, or a pattern of values, that one of some claims must have."""

    paths: tuple[ClaimPath, ...]
    value: str

    def find(self, seen: Mapping[ClaimPath, frozenset[str]]) -> bool:
        """Whether one of the values `seen` at these paths is as the condition says."""
        if not has_wildcard(self.value):
            return any(self.value in seen[path] for path in self.paths)
        return any(matches(self.value, text) for path in self.paths for text in seen[path])

    def __str__(self) -> str:
        return f"{' or '.join(path.text for path in self.paths)} = {self.value}"


@dataclass(frozen=True)
class Rule:
    """What one line of the document gives: a role, or access to DAGs; to whom one of the conditions fits."""

    conditions: tuple[Condition, ...]
    role: str | None = None
    dag: DagRule | None = None

    @property
    def result(self) -> str:
        """What the rule gives, for people."""
        return self.role or (f"{self.dag.access} of {self.dag.pattern}" if self.dag else "")

    def __str__(self) -> str:
        return f"{self.result}: {', '.join(map(str, self.conditions)) or 'nobody'}"


@dataclass(frozen=True)
class RoleRules:
    """All rules of the document. Make it with `parse_rules`."""

    rules: tuple[Rule, ...]

    @cached_property
    def paths(self) -> tuple[ClaimPath, ...]:
        """The paths that the conditions read, each once, in the document's order."""
        conditions = (condition for rule in self.rules for condition in rule.conditions)
        return tuple(dict.fromkeys(path for condition in conditions for path in condition.paths))

    @cached_property
    def digest(self) -> str:
        """A text that differs from that of any other rules."""
        return sha256(repr(self.rules).encode("utf-8", "replace")).hexdigest()

    @property
    def claim_paths(self) -> tuple[str, ...]:
        """The texts of `paths`."""
        return tuple(path.text for path in self.paths)

    def match(self, claims: Mapping[str, Any]) -> Grant:
        """Return what the claims give: the highest role of the rules that fit, and all their DAG rules."""
        seen = {path: frozenset(path.values(claims)) for path in self.paths}
        roles, dags, matched = [], [], []
        for rule in self.rules:
            condition = next((condition for condition in rule.conditions if condition.find(seen)), None)
            if condition is None:
                continue
            matched.append(f"{rule.result}: {condition}")
            if rule.role:
                roles.append(rule.role)
            if rule.dag:
                dags.append(rule.dag)
        return Grant(min(roles, key=ROLES.index, default=None), tuple(dags), tuple(matched))

    def values(self, claims: Mapping[str, Any]) -> Values:
        """Return the values that the conditions can see, by path; what a refusal shows."""
        return {path.text: path.values(claims) for path in self.paths}

    def describe(self) -> tuple[str, ...]:
        """Return a line for each rule, such as `Admin: groups = airflow-admins`."""
        return tuple(map(str, self.rules))

    def omitted_claims(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths whose claim the provider left out because it is too long for a token (Entra ID)."""
        names = claims.get(OVERAGE)
        omitted = names if isinstance(names, Mapping) else {}
        if claims.get("hasgroups") is True:  # what Entra ID says in tokens that must be short
            omitted = {**omitted, "groups": ""}
        return tuple(
            path.text
            for path in self.paths
            if (path.text in omitted or path.first_name in omitted) and not path.is_present(claims)
        )

    def omission(self, claims: Mapping[str, Any]) -> str:
        """Return a sentence about `omitted_claims` for the refused; empty if there are none."""
        names = ", ".join(self.omitted_claims(claims))
        if not names:
            return ""
        return (
            f"The provider left {names} out of the token because there are too many values (Entra ID: more than 200 "
            "groups). Have it send the groups that are assigned to this application only, or use app roles."
        )
