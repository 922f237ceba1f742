"""Any text is parsed as a number, and has its variables expanded, as in Airflow."""

from __future__ import annotations

import os
from math import isfinite

from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.build_environment import build_environment
from entrypoint.config_values import expand
from entrypoint.defaults import MAX_TIMEOUT, SettingDefault
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from testing.installed_line import DEFAULTS, LINE
from tests.contract.oracle import Oracle, replaced_environ

# All kinds of blanks, digits of every script, and what float accepts and int does not.
NUMBERS = st.one_of(
    st.text("0123456789.eE+-_ \t\n\x0b\x0c\x1c\x85\xa0\u2003", min_size=1, max_size=9),
    st.text(st.characters(categories=["Nd", "No", "Nl"], exclude_characters="\x00"), min_size=1, max_size=4),
    st.floats().map(str),
    st.floats().map(float.hex),
    st.integers(-5, 20).map(str),
    st.integers(MAX_TIMEOUT - 3, MAX_TIMEOUT + 3).map(lambda number: f" {number}.0 "),
    st.sampled_from(
        [
            "١٢",
            "nan",
            "Infinity",
            "1__0",
            "_1",
            "1_",
            "0b1",
            "0o7",
            "1,5",
            "5.000",
            "5e-1",
            "5e0",
            "--5",
            "+ 5",
        ]
    ),
)


@settings(max_examples=1500)
@given(st.sampled_from(DEFAULTS), NUMBERS)
def test_number_is_accepted_if_airflow_accepts_it(oracle: Oracle, setting: SettingDefault, text: str) -> None:
    option_names = setting.names_by_line[LINE]
    oracle.load(None)
    with replaced_environ(
        {"HOME": "/missing", "AIRFLOW_HOME": "/missing", option_names.names[0].variable: text}
    ):
        airflow_value = read_by_airflow(oracle, setting, option_names.names[0])
        value = read_by_runtime(setting)
    assert value == airflow_value


def is_within_bounds(setting: SettingDefault, value: float) -> bool:
    low, high = setting.names_by_line[LINE].minimum, setting.maximum
    return isfinite(value) and (low is None or low <= value) and (high is None or value <= high)


def read_by_airflow(oracle: Oracle, setting: SettingDefault, name: ConfigOption) -> float | None:
    from airflow.exceptions import AirflowConfigException

    try:
        is_accepted = is_within_bounds(setting, oracle.number(setting, name))
    except AirflowConfigException:
        return None
    return oracle.effective(setting) if is_accepted else None


def read_by_runtime(setting: SettingDefault) -> float | None:
    try:
        settings = build_environment(os.environ).settings
    except StartError:
        return None
    text = next(row.value for row in settings if row.documented == setting.documented)
    return float(text) if text else None  # an empty text that no component reads stays


TEXTS = st.lists(
    st.sampled_from(
        ["$A", "${A}", "$B", "~", "~/x", "~root", "$", "$$", "${", "}", "$NONE", "a", "/", " ", "%", "${C}"]
    )
)


@settings(max_examples=1000)
@given(
    TEXTS.map("".join),
    st.dictionaries(st.sampled_from("BCA"), st.sampled_from(["", "1", "~", "$B", "${C}", "$NONE", "é"])),
)
def test_expand_matches_airflow(text: str, variables: dict[str, str]) -> None:
    from airflow.configuration import expand_env_var

    if (
        variables.get("B") == "$B"
        or variables.get("C") == "${C}"
        or {"$B", "${C}"} <= set(variables.values())
    ):
        variables = {**variables, "B": "2", "C": "3"}  # Airflow would hang
    with replaced_environ({"HOME": "/users/me", **variables}):
        assert expand(text) == expand_env_var(text)
