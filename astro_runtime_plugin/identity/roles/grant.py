"""What somebody may do: a role of Airflow's, DAGs by pattern, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from astro_runtime_plugin.identity.roles.patterns import matches

ROLES = ("Admin", "Op", "User", "Viewer")  # the highest first; each may do all that those behind it may
READ, EDIT = "read", "edit"
ACCESS = (EDIT, READ)  # who may edit a DAG, which includes running it, may read it


@dataclass(frozen=True)
class DagRule:
    """DAGs by a pattern of their ids, and the access to them: READ or EDIT."""

    pattern: str
    access: str

    def allows(self, dag_id: str, access: str) -> bool:
        """Whether this rule allows READ or EDIT for a DAG."""
        return access in (self.access, READ) and matches(self.pattern, dag_id)


@dataclass(frozen=True)
class Grant:
    """A role, or None; rules for DAGs; and for people what in their token gave them these, a line for each."""

    role: str | None = None
    dags: tuple[DagRule, ...] = ()
    matched: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is allowed at all."""
        return self.role is None and not self.dags

    def has_role(self, role: str) -> bool:
        """Whether the role is this one of ROLES or a higher one."""
        return self.role is not None and ROLES.index(self.role) <= ROLES.index(role)

    def allows_dag(self, dag_id: str, access: str) -> bool:
        """Whether the rules for DAGs allow READ or EDIT; the role, which is about all DAGs, does not count here."""
        return any(rule.allows(dag_id, access) for rule in self.dags)

    def to_json(self) -> str:
        """Return the grant as a text, for `from_json`."""
        dags = [[rule.pattern, rule.access] for rule in self.dags]
        return json.dumps({"role": self.role, "dags": dags, "matched": self.matched}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Grant:
        """Read what `to_json` has written. Raises ValueError for any other text."""
        try:
            document = json.loads(text)
            return _validated(document["role"], document["dags"], document["matched"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError("this is no grant") from error


def _validated(role: Any, dags: Any, matched: Any) -> Grant:
    if role is not None and role not in ROLES:
        raise ValueError("role")
    rules = tuple(DagRule(pattern, access) for pattern, access in dags)
    texts = [*(rule.pattern for rule in rules), *matched]
    if not all(isinstance(text, str) for text in texts) or any(rule.access not in ACCESS for rule in rules):
        raise ValueError("dags")
    return Grant(role, rules, tuple(matched))
