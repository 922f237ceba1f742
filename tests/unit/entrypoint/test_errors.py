"""One error, one message, one line of reasonable length."""

from __future__ import annotations

import pytest

from entrypoint.errors import CONFIG, UNAVAILABLE, StartError, bad_value


def test_it_says_the_name_what_it_holds_and_the_remedy() -> None:
    error = bad_value("AIRFLOW__CORE__PARALLELISM", "abc", "a whole number")
    assert str(error) == "AIRFLOW__CORE__PARALLELISM holds 'abc'; it must be a whole number"
    assert error.code == CONFIG == 78


@pytest.mark.parametrize("held", ["a\nb", "\x1b[31m", "\u2028", "\udcff", "'\"", "x" * 5000])
def test_the_message_stays_one_printable_line(held: str) -> None:
    message = str(bad_value("NAME", held, "short"))
    assert message.isprintable()
    assert len(message) < 300


def test_another_code() -> None:
    assert StartError("gave up", UNAVAILABLE).code == 75
