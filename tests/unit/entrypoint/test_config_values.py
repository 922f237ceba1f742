"""Numbers and variables in values; tests/contract/test_texts.py compares them with Airflow's."""

from __future__ import annotations

import pytest

from entrypoint.config_values import (
    airflow_boolean,
    expand,
    is_on,
    parse_int_airflow2,
    parse_int_airflow3,
)
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


@pytest.mark.parametrize(
    "text",
    [
        None,
        *("", " ", "false", "FALSE", " False ", "f", "0", "00", "0.0", "no", "No", "n", "off", "OFF", "none"),
        *("null", "disabled", "'false'", '"0"', '" off "', "false # not yet", "# true", "-"),
    ],
)
def test_spelling_of_off_is_off(text: str | None) -> None:
    assert is_on(text) is False


@pytest.mark.parametrize(
    "text", ["true", "True", "1", "yes", "on", "t", "y", "2", "x", "'true'", "enabled", "01"]
)
def test_any_other_text_is_on(text: str) -> None:
    assert is_on(text) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("t", "True", " TRUE\n", "1", "true # TLS", "1#0")),
        *((text, False) for text in ("f", "False", " FALSE\n", "0", "false # TLS", "0#1")),
        *((text, None) for text in ("", " ", "# true", "yes", "no", "on", "off", "01", "'true'", "none")),
    ],
)
def test_boolean_is_read_as_airflow_reads_it(text: str, value: bool | None) -> None:
    assert airflow_boolean(text) is value
