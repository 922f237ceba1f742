"""Names of settings, spelled as Airflow spells them."""

from __future__ import annotations

import pytest
from airflow.configuration import conf

from entrypoint.option_names import ConfigOption, EnvOnlyName

NAMES = [
    ("core", "parallelism"),
    ("dag_processor", "Refresh_Interval"),
    ("team.one.two", "a.b"),
    ("A-b", "c d"),
]


@pytest.mark.parametrize(("section", "option"), NAMES)
def test_variable_is_the_one_that_airflow_reads(section: str, option: str) -> None:
    assert ConfigOption(section, option).variable == conf._env_var_name(section, option)


def test_name_is_printed_as_its_location() -> None:
    assert str(ConfigOption("core", "parallelism")) == "[core] parallelism"
    assert str(EnvOnlyName("AIRFLOW_CORE_PARALLELISM")) == "AIRFLOW_CORE_PARALLELISM"
