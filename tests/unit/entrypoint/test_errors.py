"""Messages of errors: one printable line of reasonable length."""

from __future__ import annotations

import pytest

from entrypoint.errors import CONFIG, UNAVAILABLE, StartError, bad_value


def test_bad_value_names_location_value_and_remedy() -> None:
    error = bad_value("AIRFLOW__CORE__PARALLELISM", "abc", "a whole number")
    assert str(error) == "AIRFLOW__CORE__PARALLELISM holds 'abc'; it must be a whole number"
    assert error.code == CONFIG == 78


@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "\u2028", "\udcff", "'\"", "x" * 5000])
def test_bad_value_is_one_printable_line(value: str) -> None:
    message = str(bad_value("NAME", value, "short"))
    assert message.isprintable()
    assert len(message) < 300


def test_start_error_has_exit_code() -> None:
    assert StartError("gave up", UNAVAILABLE).code == 75
