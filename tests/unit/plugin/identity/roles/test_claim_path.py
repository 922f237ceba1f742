"""Claim paths: names with dots, the longest name first, lists, objects, and what is no text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.roles.claim_path import ClaimPath, path_problem

DEEP = json.loads("[" * 500 + '"x"' + "]" * 500)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=3), children, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("path", "claims", "values"),
    [
        ("groups", {"groups": ["a", "b"]}, ("a", "b")),
        ("groups", {"groups": "a b"}, ("a b",)),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, ("a",)),
        ("realm_access.roles", {"realm_access": ["roles"]}, ()),
        ("realm_access.roles", {"realm_access": "roles"}, ()),
        ("realm_access.roles", {}, ()),
        ("https://example.com/roles", {"https://example.com/roles": ["a"]}, ("a",)),
        ("https://example.com/x.roles", {"https://example.com/x": {"roles": ["a"]}}, ("a",)),
        ("a.b", {"a.b": ["whole"], "a": {"b": ["parts"]}}, ("whole",)),
        ("a.b.c", {"a.b": {"c": "long"}, "a": {"b.c": "short"}}, ("long",)),
        ("a.b.c", {"a.b": {"d": "x"}, "a": {"b.c": "short"}}, ()),
        ("resource_access.my.client.roles", {"resource_access": {"my.client": {"roles": ["a"]}}}, ("a",)),
        (
            "resource_access.*.roles",
            {"resource_access": {"x": {"roles": ["a"]}, "y": {"roles": ["b"]}}},
            ("a", "b"),
        ),
        (
            "resource_access.*.roles",
            {"resource_access": {"*": {"roles": ["a"]}, "y": {"roles": ["b"]}}},
            ("a", "b"),
        ),
        ("groups.*.name", {"groups": [{"name": "a"}, {"id": 1}, "x"]}, ("a",)),
        ("scope", {"scope": "openid airflow:op"}, ("openid", "airflow:op")),
        ("scp", {"scp": ["a b", "c"]}, ("a b", "c")),
        ("a.scope", {"a": {"scope": "x y"}}, ("x y",)),
        ("active", {"active": True}, ("true",)),
        ("level", {"level": [1, 2.5, None, "", {"a": 1}, ["b"]]}, ("1",)),
        ("level", {"level": 10**30}, ()),
        ("deep", {"deep": DEEP}, ()),
        ("a", {"a": {"b": "c"}}, ()),
    ],
)
def test_values_at_path(path: str, claims: dict[str, Any], values: tuple[str, ...]) -> None:
    assert sorted(ClaimPath(path).values(claims)) == sorted(values)


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "*.roles",
        "",
        ".",
        "a..b",
        ".a",
        "a.",
        " a",
        "a ",
        "a\n",
        "gr*ups",
        "a.b*",
        "a.**",
        "a." * 20 + "a",
    ],
)
def test_path_that_is_none_is_refused(path: str) -> None:
    assert path_problem(path).startswith("must ")


@pytest.mark.parametrize(
    "path", ["groups", "a.b", "https://example.com/roles", "a.*.b", "a.*", "cognito:groups", "groß"]
)
def test_path_is_accepted(path: str) -> None:
    assert path_problem(path) == ""


@given(st.dictionaries(st.text(max_size=3), JSON), st.text(alphabet="ab.*", min_size=1, max_size=9))
def test_any_claims_give_texts(claims: dict[str, Any], path: str) -> None:
    if not path_problem(path):
        assert all(isinstance(value, str) and value for value in ClaimPath(path).values(claims))


@given(st.dictionaries(st.sampled_from("ab"), st.text(min_size=1)), st.text(min_size=1))
def test_other_claims_do_not_count(claims: dict[str, str], value: str) -> None:
    assert ClaimPath("groups").values({**claims, "groups": [value]}) == (value,)


def test_presence_counts_also_what_is_no_text() -> None:
    path = ClaimPath("a.b")
    seen: list[dict[str, Any]] = [{"a": {"b": None}}, {"a": {"b": []}}, {"a": 1}]
    assert [path.is_present(claims) for claims in seen] == [False, True, False]
