"""Booleans are read as Airflow's `getboolean` reads them; a switch of the start is off and on where that is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.config_values import airflow_boolean, is_on
from tests.contract.oracle import Oracle, replaced_environ

BLANKS = st.text(" \t\n", max_size=2)
WORDS = st.sampled_from(["t", "true", "1", "f", "false", "0", "yes", "no", "on", "off", "2", ""])


@st.composite
def switches(draw: st.DrawFn) -> str:
    """Return a word in any case, with blanks around it and perhaps a comment behind it."""
    word = "".join(draw(st.sampled_from([letter.upper(), letter])) for letter in draw(WORDS))
    comment = draw(st.sampled_from(["", "#", "# TLS", "#true", " # off"]))
    return draw(BLANKS) + word + draw(BLANKS) + comment


@settings(max_examples=500)
@given(switches() | st.text("truefalsno01# ", max_size=6))
def test_switch_is_read_as_airflow_reads_it(oracle: Oracle, text: str) -> None:
    from airflow.exceptions import AirflowConfigException

    oracle.load(None)
    with replaced_environ({"HOME": "/missing", "AIRFLOW__TEST__SWITCH": text}):
        try:
            expected = oracle.conf.getboolean("test", "switch")
        except AirflowConfigException:
            assert airflow_boolean(text) is None
            return  # for `is_on` see tests/unit/entrypoint/test_config_values.py
    assert airflow_boolean(text) is expected
    assert is_on(text) is expected
