"""Numbers and variables in values; tests/contract/test_texts.py compares them with Airflow's."""

from __future__ import annotations

import pytest

from entrypoint.config_values import expand, parse_int_airflow2, parse_int_airflow3
from entrypoint.errors import CONFIG, StartError


@pytest.mark.parametrize("text", ["8", " 8\n", "+8", "0_8"])
def test_both_lines_accept_whole_number(text: str) -> None:
    assert (parse_int_airflow2(text), parse_int_airflow3(text)) == (8, 8)


@pytest.mark.parametrize("text", ["8.0", "8e0"])
def test_only_airflow_3_accepts_integral_float(text: str) -> None:
    assert parse_int_airflow3(text) == 8
    with pytest.raises(ValueError, match="invalid literal"):
        parse_int_airflow2(text)


@pytest.mark.parametrize("text", ["8.5", "eight", "", "nan", "0x8"])
def test_no_line_accepts_other_text(text: str) -> None:
    for parse in (parse_int_airflow2, parse_int_airflow3):
        with pytest.raises(ValueError, match=r"."):
            parse(text)


def test_expand_replaces_variables_and_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": "/users/me", "OUTER": "${INNER}/b", "INNER": "a"}.items():
        monkeypatch.setenv(name, value)
    assert expand("$OUTER") == "a/b"
    assert expand("~/x") == "/users/me/x"
    assert expand("$UNSET_OF_THE_TESTS and 5$") == "$UNSET_OF_THE_TESTS and 5$"


def test_expand_rejects_circular_reference_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLE", "x$CIRCLE")
    with pytest.raises(StartError, match=r"^NAME contains a circular variable reference") as error:
        expand("$CIRCLE", "NAME")
    assert error.value.code == CONFIG
    assert "$CIRCLE" not in str(error.value)
