"""A grant: what it allows, and that it survives the way through a text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.roles.grant import ACCESS, EDIT, READ, ROLES, DagRule, Grant

GRANTS = st.builds(
    Grant,
    st.sampled_from((None, *ROLES)),
    st.lists(st.builds(DagRule, st.text(min_size=1), st.sampled_from(ACCESS)), max_size=3).map(tuple),
    st.lists(st.text(), max_size=3).map(tuple),
)


def test_edit_includes_read() -> None:
    grant = Grant(dags=(DagRule("fin_*", EDIT), DagRule("hr_*", READ)))
    answers = {
        (dag, access): grant.allows_dag(dag, access) for dag in ("fin_a", "hr_a", "it") for access in ACCESS
    }
    assert [key for key, allowed in answers.items() if allowed] == [
        ("fin_a", EDIT),
        ("fin_a", READ),
        ("hr_a", READ),
    ]


def test_access_that_is_none_is_refused() -> None:
    assert not Grant(dags=(DagRule("*", EDIT),)).allows_dag("a", "delete")


def test_roles_are_ordered() -> None:
    assert [role for role in ROLES if Grant("User").has_role(role)] == ["User", "Viewer"]
    assert not any(Grant().has_role(role) for role in ROLES)


def test_role_does_not_count_as_rule_for_dags() -> None:
    assert not Grant("Admin").allows_dag("a", READ)


@pytest.mark.parametrize(
    ("grant", "is_empty"),
    [(Grant(), True), (Grant("Viewer"), False), (Grant(dags=(DagRule("a", READ),)), False)],
)
def test_emptiness(grant: Grant, is_empty: bool) -> None:
    assert grant.is_empty is is_empty


@given(GRANTS)
def test_grant_survives_json(grant: Grant) -> None:
    assert Grant.from_json(grant.to_json()) == grant


@pytest.mark.parametrize(
    "document",
    [
        {"role": "admin", "dags": [], "matched": []},
        {"role": ["Admin"], "dags": [], "matched": []},
        {"role": None, "dags": [["a", "write"]], "matched": []},
        {"role": None, "dags": [["a"]], "matched": []},
        {"role": None, "dags": [[1, "read"]], "matched": []},
        {"role": None, "dags": [], "matched": [1]},
        {"role": None, "dags": []},
        [],
        None,
    ],
)
def test_text_that_is_no_grant_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="no grant"):
        Grant.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no grant"):
        Grant.from_json(text)
