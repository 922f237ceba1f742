"""Rules for the rows of the table; tests/contract/test_table.py compares them with Airflow."""

from __future__ import annotations

import pytest

from entrypoint.airflow_line import LINES
from entrypoint.config_values import NUMBER_PARSERS
from entrypoint.defaults import ALL_DEFAULTS, SettingDefault, rows_of


def documented_name(setting: SettingDefault) -> str:
    return setting.documented


def test_documented_names_and_exports_are_unique() -> None:
    assert len({setting.documented for setting in ALL_DEFAULTS}) == len(ALL_DEFAULTS)
    for line in LINES:
        rows = rows_of(line)
        assert len({setting.names_by_line[line].names[0].variable for setting in rows}) == len(rows)


@pytest.mark.parametrize("setting", ALL_DEFAULTS, ids=documented_name)
def test_setting_has_names_on_a_line_and_explains_itself(setting: SettingDefault) -> None:
    assert setting.names_by_line
    assert setting.names_by_line.keys() <= set(LINES)
    assert setting.why
    assert setting.unit
    assert (setting.default is None) is bool(setting.formula)


ROWS = [pytest.param(row, line, id=f"{row.documented}-{line}") for line in LINES for row in rows_of(line)]


@pytest.mark.parametrize(("setting", "line"), ROWS)
def test_defaults_are_values_that_the_line_accepts(setting: SettingDefault, line: str) -> None:
    parse = NUMBER_PARSERS[line][setting.number]
    values = [parse(text) for text in (setting.default, setting.airflow_default) if text is not None]
    minimum = setting.names_by_line[line].minimum
    assert all(minimum is None or minimum <= value for value in values)
    assert all(setting.maximum is None or value <= setting.maximum for value in values)
