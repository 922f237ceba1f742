"""Patterns: `*` and `?` alone are special, and nothing is made equal that differs in a code point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.roles.patterns import has_wildcard, matches


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("finance_*", "finance_", True),
        ("finance_*", "finance_a_b", True),
        ("finance_*", "xfinance_a", False),
        ("*", "line\nbreak", True),
        ("a*", "a\n", True),
        ("a", "a\n", False),
        ("?", "é", True),
        ("?", "", False),
        ("[ab]", "a", False),
        ("[ab]*", "[ab]c", True),
        ("[!a]?", "[!a]x", True),
        ("[!a]?", "bx", False),
        ("Admin", "admin", False),
        ("*.x", "ax", False),
        (r"\*", r"\anything", True),
    ],
)
def test_pattern_matches_whole_text(pattern: str, text: str, is_match: bool) -> None:
    assert matches(pattern, text) is is_match


@pytest.mark.parametrize(
    "look_alike", ["аirflow-admins", "airflow‐admins", "airflow-admins​", "AIRFLOW-ADMINS", "ａirflow-admins"]
)
@pytest.mark.parametrize("pattern", ["airflow-admins", "airflow-a*", "airflow-admin?"])
def test_look_alike_is_another_text(look_alike: str, pattern: str) -> None:
    assert matches(pattern, "airflow-admins")
    assert matches(pattern, look_alike) is (pattern == "airflow-a*" and look_alike.startswith("airflow-a"))


def test_composed_and_decomposed_letters_differ() -> None:
    assert not matches("caf\u00e9", "cafe\u0301")


@given(st.text())
def test_text_without_wildcard_matches_itself_only(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")
    assert matches(literal, literal)
    assert not matches(literal, literal + "x")


@given(st.text(alphabet="ab[]!-*?\\", max_size=12), st.text(alphabet="ab[]!-\\", max_size=12))
def test_pattern_matches_as_the_definition_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) is defined_match(pattern, text)


def defined_match(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(defined_match(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and defined_match(pattern[1:], text[1:])


def test_hostile_pattern_and_text_end() -> None:
    assert not matches("*a" * 60 + "b", "a" * 20_000)


def test_wildcards_are_known() -> None:
    assert [has_wildcard(text) for text in ("a*", "?", "[a]", "")] == [True, True, False, False]
