"""The record: decoding reverses encoding, and ignores what this Runtime did not write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.record import FIELDS, RECORD_VARIABLE, ResolvedSetting, decode, encode, strip_exports

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12)
ANYTHING = st.text(st.characters(), max_size=12)  # control characters and lone surrogates too


def fields(setting: ResolvedSetting) -> list[object]:
    return [getattr(setting, field) for field in FIELDS]


def settings(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[ResolvedSetting]]:
    return st.lists(
        st.builds(ResolvedSetting, texts, texts, texts, texts, texts, st.booleans(), texts), max_size=4
    )


@given(settings(PRINTABLE | st.text('"\\/ü火\U0001f600', max_size=6)))
def test_decode_reverses_encode(written: list[ResolvedSetting]) -> None:
    decoded = decode({RECORD_VARIABLE: encode(written)})
    assert list(map(fields, decoded)) == list(map(fields, written))


def test_encode_writes_every_field() -> None:
    setting = ResolvedSetting("D", "V", "9", "Runtime", "why", True, "OLD")
    assert json.loads(encode([setting])) == [["D", "V", "9", "Runtime", "why", "exported", "OLD"]]
    setting = ResolvedSetting("D", "V", "9", "Airflow", "why", False)
    assert json.loads(encode([setting])) == [["D", "V", "9", "Airflow", "why", "", ""]]


@given(settings(ANYTHING))
def test_encode_is_one_printable_line_of_json(written: list[ResolvedSetting]) -> None:
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
def test_decode_ignores_foreign_record(record: str) -> None:
    environ = {RECORD_VARIABLE: record, "b": "c", "A": "1"}
    assert decode(environ) == []
    assert strip_exports(environ) == {"b": "c", "A": "1"}


def test_decode_without_record_is_empty() -> None:
    assert decode({}) == []
    assert strip_exports({"A": "1"}) == {"A": "1"}


def record_of(variable: str, value: str, *, exported: bool = True) -> str:
    return encode([ResolvedSetting(variable, variable, value, "Runtime", "", exported)])


def test_strip_exports_keeps_changed_values() -> None:
    assert strip_exports({RECORD_VARIABLE: record_of("A", "1"), "A": "1", "B": "1"}) == {"B": "1"}
    assert strip_exports({RECORD_VARIABLE: record_of("A", "1"), "A": "2", "B": "1"}) == {"A": "2", "B": "1"}
    assert strip_exports({RECORD_VARIABLE: record_of("A", "1", exported=False), "A": "1"}) == {"A": "1"}


@pytest.mark.parametrize(
    ("origin", "why", "exported", "set_as", "line"),
    [
        ("Runtime", "4×16 default", True, "", "V=9 (4×16 default)"),
        (
            "operator environment",
            "",
            True,
            "OLD",
            "V=9 (forwarded from OLD, which this Airflow does not read)",
        ),
        (
            "operator airflow.cfg",
            "because Airflow would use NEW, which it generated itself",
            True,
            "OLD",
            "V=9 (forwarded from OLD, because Airflow would use NEW, which it generated itself)",
        ),
        ("operator airflow.cfg", "", False, "[s] o in /f", "V=9 (operator airflow.cfg, [s] o in /f)"),
        ("Airflow", "CeleryExecutor", False, "", "V keeps Airflow's default 9 (CeleryExecutor)"),
    ],
)
def test_log_line_names_origin(origin: str, why: str, exported: bool, set_as: str, line: str) -> None:
    assert ResolvedSetting("D", "V", "9", origin, why, exported, set_as).log_line == line
