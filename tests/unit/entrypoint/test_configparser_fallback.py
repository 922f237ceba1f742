"""What configparser rejects is explained by place and cause, and never quoted: airflow.cfg has passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.configparser_fallback import interpolate, parse_sections
from entrypoint.errors import CONFIG, StartError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "airflow.cfg"


def test_parse_sections_returns_raw_values_and_inherited_options(path: Path) -> None:
    path.write_text("[DEFAULT]\na = 1\n[core]\nB = %(a)s\n")
    assert parse_sections(str(path)) == {"core": {"B": "%(a)s"}, "DEFAULT": {"a": "1"}}
    assert interpolate(str(path), "core", "B") == "1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hush = 1\n", "there is an option before the first [section] (line 1)"),
        ("[core]\nhush\n", "a line is neither a [section] nor an option = value (line 2)"),
        ("[core]\na = hush\n[core]\n", "[core] occurs twice (line 3)"),
        ("[core]\na = hush\na = 2\n", "[core] a occurs twice (line 3)"),
    ],
)
def test_parse_error_has_cause_and_line(path: Path, text: str, problem: str) -> None:
    path.write_text(text)
    with pytest.raises(StartError) as error:
        parse_sections(str(path))
    assert str(error.value) == f"{path} is not a configuration file that Airflow can read: {problem}"
    assert error.value.code == CONFIG


@pytest.mark.parametrize("value", ["hush%", "%(hush)s", "%(a)s"])
def test_interpolation_error_names_option_and_remedy(path: Path, value: str) -> None:
    path.write_text(f"[core]\na = {value}\n")
    with pytest.raises(StartError) as error:
        interpolate(str(path), "core", "a")
    assert str(error.value).startswith(
        f"{path} cannot be read by Airflow: [core] a has a % in its value; write %%"
    )
    assert "hush" not in str(error.value)
