"""What a grant allows, in sentences."""

from __future__ import annotations

from astro_runtime_plugin.identity.checks.permissions import DAG_SENTENCES, ROLE_SENTENCES, permissions_of
from astro_runtime_plugin.identity.roles.grant import ACCESS, ROLES, DagRule, Grant


def test_every_role_and_access_has_a_sentence() -> None:
    assert tuple(reversed(ROLE_SENTENCES)) == ROLES
    assert {*DAG_SENTENCES} == {*ACCESS}


def test_role_has_the_sentences_of_those_below_it() -> None:
    counts = [len(permissions_of(Grant(role))) for role in ROLES]
    assert counts == [4, 3, 2, 1]


def test_nothing_is_allowed_by_an_empty_grant() -> None:
    assert permissions_of(Grant()) == []


def test_rule_for_dags_names_its_pattern() -> None:
    (text,) = permissions_of(Grant(dags=(DagRule("finance_*", "read"),)))
    assert "finance_*" in text
