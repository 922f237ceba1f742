"""The record: what is written is read again, and what this Runtime has not written says nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.record import RECORD_VARIABLE, ResolvedSetting, decode, encode, strip_exports

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12)
ANYTHING = st.text(st.characters(), max_size=12)  # control characters and lone surrogates too
FIELDS = ("documented", "variable", "value", "origin", "why", "exported", "set_as")


def fields(setting: ResolvedSetting) -> list[object]:
    return [getattr(setting, field) for field in FIELDS]


def settings(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[ResolvedSetting]]:
    return st.lists(
        st.builds(ResolvedSetting, texts, texts, texts, texts, texts, st.booleans(), texts), max_size=4
    )


@given(settings(PRINTABLE | st.text('"\\/ü火\U0001f600', max_size=6)))
def test_what_is_written_is_read_again(written: list[ResolvedSetting]) -> None:
    assert [fields(one) for one in decode({RECORD_VARIABLE: encode(written)})] == [
        fields(one) for one in written
    ]


@given(settings(ANYTHING))
def test_whatever_it_holds_the_record_is_one_printable_line_of_json(written: list[ResolvedSetting]) -> None:
    record = encode(written)
    assert record.isprintable()
    record.encode()
    assert len(json.loads(record)) == len(written)
    assert encode(decode({RECORD_VARIABLE: record})) == record


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{}",
        "[",
        "null",
        "5",
        '"text"',
        "[[]]",
        "[null]",
        '["seven77"]',
        "[[1, 2, 3, 4, 5, 6, 7]]",
        '[["a", [], "c", "d", "e", "exported", "g"]]',
        '[["a", "b", {}, "d", "e", "exported", "g"]]',
        '[["a", "b", "c", "d", "e", "exported"]]',
        '[["a", "b", "c", "d", "e", "exported", "g", "h"]]',
        '[{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1}]',
        "[" * 90000,
        "\udcff",
    ],
    ids=lambda text: text[:30].encode(errors="replace").decode() or "empty",
)
def test_a_record_of_another_making_says_nothing(record: str) -> None:
    environ = {RECORD_VARIABLE: record, "b": "c", "A": "1"}
    assert decode(environ) == []
    assert strip_exports(environ) == {"b": "c", "A": "1"}


def test_without_a_record_there_is_nothing_to_take_away() -> None:
    assert decode({}) == []
    assert strip_exports({"A": "1"}) == {"A": "1"}


def exported(variable: str, value: str, *, is_exported: bool = True) -> str:
    return encode([ResolvedSetting(variable, variable, value, "Runtime", "", is_exported)])


def test_exports_are_taken_away_unless_changed_since() -> None:
    assert strip_exports({RECORD_VARIABLE: exported("A", "1"), "A": "1", "B": "1"}) == {"B": "1"}
    assert strip_exports({RECORD_VARIABLE: exported("A", "1"), "A": "2", "B": "1"}) == {"A": "2", "B": "1"}
    assert strip_exports({RECORD_VARIABLE: exported("A", "1", is_exported=False), "A": "1"}) == {"A": "1"}


@pytest.mark.parametrize(
    ("origin", "why", "is_exported", "set_as", "line"),
    [
        ("Runtime", "4×16 default", True, "", "V=9 (4×16 default)"),
        ("operator environment", "", True, "OLD", "V=9 (carried from OLD, which this Airflow does not read)"),
        ("operator airflow.cfg", "", False, "[s] o in /f", "V=9 (operator airflow.cfg, [s] o in /f)"),
        ("Airflow", "CeleryExecutor", False, "", "V stays Airflow's 9 (CeleryExecutor)"),
    ],
)
def test_the_line_in_the_log(origin: str, why: str, is_exported: bool, set_as: str, line: str) -> None:
    assert ResolvedSetting("D", "V", "9", origin, why, is_exported, set_as).log_line == line
