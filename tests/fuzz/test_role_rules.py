"""Any rules document is refused or read, and then any claims are matched: nobody gets what no rule names."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from astro_runtime_plugin.identity.roles.grant import ROLES, Grant
from astro_runtime_plugin.identity.roles.patterns import matches
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.roles.rules import RulesError, parse_rules
from tests.fuzz.budget import fuzz

TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
WORDS = st.sampled_from(["admins", "аdmins", "ops", "ops-*", "?", "*", "[a]", "a b", "Admin", "true", "7"])
PATHS = st.sampled_from(["groups", "a.b", "a.*.b", "*", "https://a.b/c", "scope", "a.b.c", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(PATHS | TEXT, inner, max_size=5),
    max_leaves=20,
)
OBJECTS = st.fixed_dictionaries({}, optional={"claim": PATHS | JSON, "value": WORDS | JSON})
LISTS = st.lists(WORDS | OBJECTS | JSON, max_size=4) | JSON
ACCESS = st.fixed_dictionaries({}, optional={"edit": LISTS, "read": LISTS}) | JSON
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "claim": PATHS | st.lists(PATHS, max_size=3) | JSON,
        **dict.fromkeys(ROLES, st.lists(WORDS, max_size=4) | LISTS),
        "dags": st.dictionaries(st.sampled_from(["finance_*", "a", "?", "[a]"]) | TEXT, ACCESS, max_size=3)
        | JSON,
    },
)
GOOD_DOCUMENTS = st.fixed_dictionaries(
    {"claim": st.sampled_from(["groups", "a.b", "a.*.b", "scope"]), "Viewer": st.lists(WORDS, min_size=1)},
    optional=dict.fromkeys(("Admin", "Op"), st.lists(WORDS, max_size=3)),
)
GROUPS = st.lists(WORDS | JSON, max_size=5)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "groups": GROUPS | JSON,
        "a": st.dictionaries(st.sampled_from("bc"), GROUPS | st.dictionaries(st.just("b"), GROUPS)) | JSON,
        "a.b": GROUPS,
        "scope": TEXT | JSON,
        "_claim_names": st.dictionaries(PATHS, TEXT) | JSON,
        "hasgroups": JSON,
    },
)


@fuzz((DOCUMENTS | GOOD_DOCUMENTS | JSON).map(json.dumps) | TEXT, CLAIMS)
def test_document_is_refused_or_gives_only_what_it_names(text: str, claims: dict[str, Any]) -> None:
    rules, problem = read(text)
    assert problem.isprintable()
    assert len(problem) < 1000
    if rules is None:
        return
    assert not any(path.startswith("*") for path in rules.claim_paths)
    grant = rules.match(claims)
    assert_is_named(grant, rules, claims)
    assert rules.match({}) == Grant()
    assert Grant.from_json(grant.to_json()) == grant
    assert rules.omission(claims).isprintable()


def read(text: str) -> tuple[RoleRules | None, str]:
    try:
        return parse_rules(text), ""
    except RulesError as error:
        return None, str(error)


def assert_is_named(grant: Grant, rules: RoleRules, claims: dict[str, Any]) -> None:
    """Assert that a rule with a value that the claims have stands behind each part of a grant."""
    values = rules.values(claims)
    fitting = [
        rule
        for rule in rules.rules
        if any(
            matches(condition.value, value)
            for condition in rule.conditions
            for path in condition.paths
            for value in values[path.text]
        )
    ]
    assert grant.role == next((role for role in ROLES if any(rule.role == role for rule in fitting)), None)
    assert list(grant.dags) == [rule.dag for rule in fitting if rule.dag]
    assert len(grant.matched) == len(fitting)
