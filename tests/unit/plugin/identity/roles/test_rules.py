"""The rules document: what it gives, and a message for each way in which it can be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.roles.grant import EDIT, READ, ROLES, DagRule, Grant
from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.roles.rules import RulesError, parse_rules

DOCUMENT = {
    "claim": "realm_access.roles",
    "Admin": ["airflow-admins"],
    "Op": ["ops-*", {"claim": "azp", "value": "ci-robot"}],
    "User": ["team-?"],
    "Viewer": ["*"],
    "dags": {"finance_*": {"edit": ["finance"], "read": ["audit"]}, "hr": {"read": ["audit", "hr"]}},
}
RULES = parse_rules(json.dumps(DOCUMENT))
WORDS = st.text(alphabet="abcABC-_", min_size=1, max_size=4)


def keycloak(*roles: object) -> dict[str, Any]:
    return {"realm_access": {"roles": list(roles)}}


def rules(**document: Any) -> RoleRules:
    return parse_rules(json.dumps(document))


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        (keycloak("airflow-admins"), "Admin"),
        (keycloak("x", "airflow-admins", "ops-eu"), "Admin"),
        (keycloak("ops-eu"), "Op"),
        (keycloak("team-a"), "User"),
        (keycloak("team-ab"), "Viewer"),
        (keycloak("Airflow-admins"), "Viewer"),
        (keycloak("аirflow-admins"), "Viewer"),
        (keycloak("airflow-admins "), "Viewer"),
        (keycloak(), None),
        (keycloak(None, {}, ["airflow-admins"]), None),
        ({"realm_access": {"roles": "airflow-admins"}}, "Admin"),
        ({"realm_access.roles": ["airflow-admins"]}, "Admin"),
        ({"roles": ["airflow-admins"], "groups": ["airflow-admins"]}, None),
        ({"azp": "ci-robot"}, "Op"),
        ({"azp": "airflow-admins"}, None),
        (keycloak("ci-robot"), "Viewer"),
        ({}, None),
    ],
    ids=str,
)
def test_highest_role_that_fits_counts(claims: dict[str, Any], role: str | None) -> None:
    assert RULES.match(claims).role == role


def test_rules_for_dags_add_up() -> None:
    grant = RULES.match(keycloak("finance", "audit"))
    assert grant.role == "Viewer"
    assert grant.dags == (DagRule("finance_*", EDIT), DagRule("finance_*", READ), DagRule("hr", READ))


def test_matched_says_what_gave_what() -> None:
    assert RULES.match(keycloak("ops-eu", "hr")).matched == (
        "Op: realm_access.roles = ops-*",
        "Viewer: realm_access.roles = *",
        "read of hr: realm_access.roles = hr",
    )


def test_star_needs_a_value_and_sub_is_everybody() -> None:
    everybody = rules(Viewer=[{"claim": "sub", "value": "*"}])
    assert everybody.match({"sub": "17"}) == Grant("Viewer", (), ("Viewer: sub = *",))
    assert rules(claim="groups", Viewer=["*"]).match({"sub": "17", "groups": []}).is_empty


def test_several_claims_count_together() -> None:
    both = rules(claim=["groups", "realm_access.roles"], Admin=["a"], User=["b"])
    assert both.match({"groups": ["b"], **keycloak("a")}).role == "Admin"
    assert both.claim_paths == ("groups", "realm_access.roles")


def test_scopes_of_a_machine_are_words() -> None:
    assert rules(claim="scope", Op=["airflow:op"]).match({"scope": "openid airflow:op"}).role == "Op"


def test_wildcard_in_path_takes_each_client() -> None:
    clients = {"resource_access": {"airflow": {"roles": ["op"]}, "other": {"roles": ["x"]}}}
    assert rules(claim="resource_access.*.roles", Op=["op"]).match(clients).role == "Op"


def test_huge_list_of_groups() -> None:
    groups = [f"group-{number}" for number in range(100_000)]
    many = rules(
        claim="groups", Admin=["*-99999x", "*-99999"], Viewer=[f"other-{number}" for number in range(1000)]
    )
    assert many.match({"groups": groups}).role == "Admin"


def test_description_names_every_rule() -> None:
    assert RULES.describe() == (
        "Admin: realm_access.roles = airflow-admins",
        "Op: realm_access.roles = ops-*, azp = ci-robot",
        "User: realm_access.roles = team-?",
        "Viewer: realm_access.roles = *",
        "edit of finance_*: realm_access.roles = finance",
        "read of finance_*: realm_access.roles = audit",
        "read of hr: realm_access.roles = audit, realm_access.roles = hr",
    )
    assert rules(claim="a", Admin=[], Op=["b"]).describe() == ("Admin: nobody", "Op: a = b")


def test_values_are_those_that_rules_read() -> None:
    claims = {**keycloak("a"), "azp": "b", "email": "c@example.com"}
    assert RULES.values(claims) == {"realm_access.roles": ("a",), "azp": ("b",)}


@pytest.mark.parametrize(
    ("claims", "omitted"),
    [
        (
            {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}},
            ("groups",),
        ),
        ({"hasgroups": True}, ("groups",)),
        ({"_claim_names": {"groups": "src1"}, "groups": ["a"]}, ()),
        ({"_claim_names": {"roles": "src1"}}, ()),
        ({"_claim_names": ["groups"]}, ()),
        ({"hasgroups": "true"}, ()),
        ({}, ()),
    ],
)
def test_omitted_groups_of_entra_are_named(claims: dict[str, Any], omitted: tuple[str, ...]) -> None:
    entra = rules(claim="groups", Admin=["a"])
    assert entra.omitted_claims(claims) == omitted
    assert ("left groups out of the token" in entra.omission(claims)) is bool(omitted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ('{"claim": "a",\n "Admin" ["b"]}', "line 2, column 10"),
        ("[]", "the document must be an object"),
        ('"x"', "the document must be an object"),
        ("{}", "lets nobody in"),
        ('{"claim": "a"}', "lets nobody in"),
        ('{"claim": "a", "Admin": []}', "lets nobody in"),
        ('{"claim": "a", "dags": {}}', "lets nobody in"),
        ('{"claim": "a", "admin": ["b"]}', '"admin", which is none of claim, Admin, Op, User, Viewer, dags'),
        ('{"claim": "a", "Аdmin": ["b"]}', r'"\u0410dmin"'),
        ('{"claim": "a", "Public": ["b"]}', '"Public"'),
        ('{"Admin": ["b"]}', '"claim" is missing'),
        ('{"claim": "a", "Admin": "b"}', "Admin must be a list"),
        ('{"claim": "a", "Admin": ["b", 1]}', "Admin must be a text"),
        ('{"claim": "a", "Admin": [""]}', "Admin must be a text"),
        ('{"claim": "a", "Admin": [" b"]}', "without blanks around it"),
        (r'{"claim": "a", "Admin": ["b\n"]}', "without blanks around it"),
        (r'{"claim": "a", "Admin": ["b\u200bc"]}', r"\u200b"),
        (r'{"claim": "a", "Admin": ["\ud800"]}', r"\ud800"),
        ('{"claim": "a", "Admin": [{"claim": "b"}]}', "must be like"),
        ('{"claim": "a", "Admin": [{"claim": "b", "values": "c"}]}', '"values"'),
        ('{"claim": "a", "Admin": [{"claim": "*", "value": "c"}]}', "must not begin with *"),
        ('{"claim": "*", "Admin": ["b"]}', "must not begin with *"),
        ('{"claim": "*.roles", "Admin": ["b"]}', "must not begin with *"),
        ('{"claim": ["groups", "*.a"], "Admin": ["b"]}', "must not begin with *"),
        ('{"claim": "gr*", "Admin": ["b"]}', "as a whole part"),
        ('{"claim": [], "Admin": ["b"]}', "claim must name a claim"),
        ('{"claim": 1, "Admin": ["b"]}', "claim must be a text"),
        ('{"claim": null, "Admin": ["b"]}', "claim must be a text"),
        ('{"claim": "a..b", "Admin": ["b"]}', "names with dots"),
        ('{"claim": "a", "Admin": ["b"], "Admin": ["c"]}', '"Admin" stands twice'),
        ('{"claim": "a", "dags": []}', "dags must be an object"),
        ('{"claim": "a", "dags": {"x": ["b"]}}', 'dags, "x" must be an object'),
        ('{"claim": "a", "dags": {"x": {"write": ["b"]}}}', '"write", which is none of edit, read'),
        ('{"claim": "a", "dags": {"[x]": {"read": ["b"]}}}', "a pattern must be a DAG's id"),
        ('{"claim": "a", "dags": {"": {"read": ["b"]}}}', "a pattern must be a DAG's id"),
        ('{"claim": "a", "dags": {"a b": {"read": ["b"]}}}', "a pattern must be a DAG's id"),
        ('{"claim": "a", "dags": {"x": {"read": "b"}}}', 'dags, "x", read must be a list'),
        ("[" * 100_000, "cannot be read"),
        ('{"claim": ' * 50_000, "cannot be read"),
        ("1" * 10_000, "must be"),
        (" " * 1_000_001, "must not be longer"),
    ],
    ids=lambda text: text[:40],
)
def test_wrong_document_is_refused(text: str, message: str) -> None:
    with pytest.raises(RulesError) as error:
        parse_rules(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400
    assert str(error.value).isprintable()


@given(st.dictionaries(st.sampled_from(ROLES), st.lists(WORDS, max_size=3)), st.lists(WORDS, max_size=4))
def test_role_is_the_first_whose_list_has_a_group(document: dict[str, list[str]], groups: list[str]) -> None:
    if not any(document.values()):
        return
    grant = rules(claim="groups", **document).match({"groups": groups})
    expected = next((role for role in ROLES if set(document.get(role, [])) & set(groups)), None)
    assert grant.role == expected
    assert grant.is_empty is (expected is None)


@given(st.lists(WORDS, max_size=4), WORDS)
def test_more_groups_never_give_less(groups: list[str], other: str) -> None:
    document = rules(
        claim="groups", Admin=["a*"], Op=["b?"], User=["c"], Viewer=["*"], dags={"x*": {"edit": ["ab"]}}
    )
    less, more = document.match({"groups": groups}), document.match({"groups": [*groups, other]})
    assert all(more.has_role(role) for role in ROLES if less.has_role(role))
    assert set(less.dags) <= set(more.dags)
