"""Any text at all: read as a number, and with its variables filled in, as Airflow would."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.build_environment import build_environment
from entrypoint.config_values import MAX_VALUE, expand
from entrypoint.defaults import DEFAULTS, SettingDefault
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.oracle import Oracle, environment

# Blanks of every kind, digits of every script, what float takes and int does not.
NUMBERS = st.one_of(
    st.text("0123456789.eE+-_ \t\n\x0b\x0c\x1c\x85\xa0\u2003", min_size=1, max_size=9),
    st.text(st.characters(categories=["Nd", "No", "Nl"], exclude_characters="\x00"), min_size=1, max_size=4),
    st.floats().map(str),
    st.floats().map(float.hex),
    st.integers(-5, 20).map(str),
    st.integers(MAX_VALUE - 3, MAX_VALUE + 3).map(lambda number: f" {number}.0 "),
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
def test_a_text_works_here_where_it_works_in_airflow(
    oracle: Oracle, setting: SettingDefault, text: str
) -> None:
    spelling = setting.names_by_line[LINE]
    oracle.load(None)
    with environment({"HOME": "/nowhere", "AIRFLOW_HOME": "/nowhere", spelling.names[0].variable: text}):
        airflows = _airflows(oracle, setting, spelling.names[0])
        ours = _ours(setting)
    least = spelling.minimum
    assert ours == (airflows if airflows is not None and least <= airflows <= MAX_VALUE else None)


def _airflows(oracle: Oracle, setting: SettingDefault, name: ConfigOption) -> float | None:
    from airflow.exceptions import AirflowConfigException

    try:
        return oracle.number(setting, name)
    except AirflowConfigException:
        return None


def _ours(setting: SettingDefault) -> float | None:
    try:
        settled = build_environment(os.environ)
    except StartError:
        return None
    return next(float(one.value) for one in settled.settings if one.documented == setting.documented)


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
def test_variables_are_filled_in_as_airflow_does(text: str, variables: dict[str, str]) -> None:
    from airflow.configuration import expand_env_var

    if (
        variables.get("B") == "$B"
        or variables.get("C") == "${C}"
        or {"$B", "${C}"} <= set(variables.values())
    ):
        variables = {**variables, "B": "2", "C": "3"}  # Airflow would never end
    with environment({"HOME": "/users/me", **variables}):
        assert expand(text) == expand_env_var(text)
