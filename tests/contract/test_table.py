"""What the table of defaults states about Airflow matches Airflow."""

from __future__ import annotations

import pytest

from entrypoint.connection_url import AIRFLOW_URLS
from entrypoint.defaults import (
    AIRFLOW_EXECUTOR,
    AIRFLOW_WORKER_CONCURRENCY,
    BROKER_URL,
    DATABASE_URL,
    EXECUTOR,
    WORKER_CONCURRENCY,
    WORKER_QUEUES,
    SettingDefault,
)
from entrypoint.option_names import ConfigOption
from testing.installed_line import DEFAULTS, LINE
from tests.contract.config_strategies import max_with_names, names_of
from tests.contract.oracle import Oracle


def older_names(oracle: Oracle, name: ConfigOption) -> list[tuple[str, str]]:
    """Return the older names that Airflow reads if `name` is not set: at most one, for its section or its option."""
    if name.section in oracle.conf.deprecated_sections:
        return [(oracle.conf.deprecated_sections[name.section][0], name.option)]
    deprecated = oracle.conf.deprecated_options.get((name.section, name.option))
    return [deprecated[:2]] if deprecated else []


by_name = pytest.mark.parametrize("setting", DEFAULTS, ids=lambda setting: setting.documented)


@by_name
def test_airflow_default_matches_airflow(oracle: Oracle, setting: SettingDefault) -> None:
    newest = setting.names_by_line[LINE].names[0]
    assert float(oracle.conf.get_default_value(newest.section, newest.option)) == float(
        setting.airflow_default
    )


@by_name
def test_names_are_read_by_airflow_and_forwarded_ones_are_not(
    oracle: Oracle, setting: SettingDefault
) -> None:
    option_names = setting.names_by_line[LINE]
    for newest, *older in (option_names.names, *option_names.max_with):
        assert [(name.section, name.option) for name in older] == older_names(oracle, newest)
    for name in (*option_names.forwarded, *max_with_names(setting)):
        if isinstance(name, ConfigOption):
            assert (name.section, name.option) not in oracle.conf.inversed_deprecated_options
            assert oracle.conf.get_default_value(name.section, name.option) is None


@by_name
def test_variable_matches_airflow(oracle: Oracle, setting: SettingDefault) -> None:
    for name in names_of(setting):
        if isinstance(name, ConfigOption):
            assert name.variable == oracle.conf._env_var_name(name.section, name.option)
    assert setting.documented in {name.variable for name in names_of(setting)}


@by_name
def test_rows_are_not_sensitive(oracle: Oracle, setting: SettingDefault) -> None:
    names = {(name.section, name.option) for name in names_of(setting) if isinstance(name, ConfigOption)}
    assert not names & oracle.conf.sensitive_config_values


@pytest.mark.parametrize("name", [EXECUTOR, WORKER_CONCURRENCY, WORKER_QUEUES], ids=str)
def test_options_of_calculations_are_not_sensitive(oracle: Oracle, name: ConfigOption) -> None:
    assert (name.section, name.option) not in oracle.conf.sensitive_config_values


@pytest.mark.parametrize("name", [*DATABASE_URL, *BROKER_URL], ids=str)
def test_url_options_are_sensitive(oracle: Oracle, name: ConfigOption) -> None:
    assert (name.section, name.option) in oracle.conf.sensitive_config_values


def test_url_options_are_read_by_airflow(oracle: Oracle) -> None:
    for newest, *older in (DATABASE_URL, BROKER_URL):
        assert [(name.section, name.option) for name in older] == older_names(oracle, newest)


def test_assumed_defaults_match_airflow(oracle: Oracle) -> None:
    default = oracle.conf.get_default_value
    assert default("core", "executor") == AIRFLOW_EXECUTOR[LINE]
    assert default("celery", "worker_concurrency") == str(AIRFLOW_WORKER_CONCURRENCY)
    assert default("celery", "broker_url") == AIRFLOW_URLS["broker"]
    database = default("database", "sql_alchemy_conn")
    home = database.removeprefix("sqlite:///").removesuffix("/airflow.db")
    assert AIRFLOW_URLS["metadata database"].format(home=home) == database
