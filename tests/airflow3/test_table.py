"""What the table says of Airflow, Airflow says too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from entrypoint import airflow_cfg
from entrypoint.defaults import (
    BROKER_URL,
    DATABASE_URL,
    EXECUTOR,
    TABLE,
    WORKER_CONCURRENCY,
    WORKER_QUEUES,
    Setting,
)
from entrypoint.names import Name
from entrypoint.overrides import CFG, COMMAND, ENVIRONMENT, SECRET, find
from entrypoint.defaults import STOCK_CONCURRENCY, STOCK_EXECUTOR
from entrypoint.wait import STOCK_URLS
from tests.airflow3.drafts import LINE, names_of
from tests.airflow3.oracle import Oracle, environment

by_name = pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.documented)


@by_name
def test_the_stock_value_is_airflows(oracle: Oracle, setting: Setting) -> None:
    newest = setting.spellings[LINE].names[0]
    assert float(oracle.conf.get_default_value(newest.section, newest.option)) == float(setting.stock)


@by_name
def test_airflow_reads_the_names_it_is_said_to_read_and_no_carried_one(
    oracle: Oracle, setting: Setting
) -> None:
    spelling = setting.spellings[LINE]
    newest, *older = spelling.names
    deprecated = oracle.conf.deprecated_options.get((newest.section, newest.option), ())[:2]
    assert [(name.section, name.option) for name in older] == ([deprecated] if deprecated else [])
    for name in spelling.carried:
        if isinstance(name, Name):
            assert (name.section, name.option) not in oracle.conf.inversed_deprecated_options
            assert oracle.conf.get_default_value(name.section, name.option) is None


@by_name
def test_the_variable_is_spelled_as_airflow_spells_it(oracle: Oracle, setting: Setting) -> None:
    for name in names_of(setting):
        if isinstance(name, Name):
            assert name.variable == oracle.conf._env_var_name(name.section, name.option)
    assert setting.documented in {name.variable for name in names_of(setting)}


@by_name
def test_no_command_or_secret_is_read_for_a_row(oracle: Oracle, setting: Setting) -> None:
    names = {(name.section, name.option) for name in names_of(setting) if isinstance(name, Name)}
    assert not names & oracle.conf.sensitive_config_values


@pytest.mark.parametrize("name", [EXECUTOR, WORKER_CONCURRENCY, WORKER_QUEUES], ids=str)
def test_no_command_or_secret_is_read_for_what_the_formula_hangs_on(oracle: Oracle, name: Name) -> None:
    assert (name.section, name.option) not in oracle.conf.sensitive_config_values


@pytest.mark.parametrize("name", [*DATABASE_URL, *BROKER_URL], ids=str)
def test_commands_and_secrets_are_read_for_the_urls(oracle: Oracle, name: Name) -> None:
    assert (name.section, name.option) in oracle.conf.sensitive_config_values


def test_the_urls_go_by_the_names_that_airflow_reads(oracle: Oracle) -> None:
    for newest, *older in (DATABASE_URL, BROKER_URL):
        deprecated = oracle.conf.deprecated_options.get((newest.section, newest.option), ())[:2]
        assert [(name.section, name.option) for name in older] == ([deprecated] if deprecated else [])


def test_what_the_start_assumes_where_nothing_is_set(oracle: Oracle) -> None:
    default = oracle.conf.get_default_value
    assert default("core", "executor") == STOCK_EXECUTOR[LINE]
    assert default("celery", "worker_concurrency") == str(STOCK_CONCURRENCY)
    assert default("celery", "broker_url") == STOCK_URLS["broker"]
    assert default("database", "sql_alchemy_conn").startswith(STOCK_URLS["metadata database"])


URLS = [
    ({"": "url://plain"}, {}, ENVIRONMENT),
    ({"_CMD": "echo url://command"}, {}, COMMAND),
    ({"_SECRET": "path"}, {}, SECRET),
    ({"": "url://plain", "_CMD": "echo url://command"}, {"": "url://file"}, ENVIRONMENT),
    ({"_CMD": "echo url://command", "_SECRET": "path"}, {"": "url://file"}, COMMAND),
    ({}, {"": "url://file", "_cmd": "echo url://command"}, CFG),
    ({}, {"_cmd": "echo url://command", "_secret": "path"}, COMMAND),
    ({}, {"_secret": "path"}, SECRET),
]
BACKEND = "tests.airflow3.secrets.Backend"


@pytest.mark.filterwarnings("ignore:The sql_alchemy_conn option in .core. has been moved")
@pytest.mark.parametrize("names", [DATABASE_URL, BROKER_URL], ids=lambda names: str(names[0]))
@pytest.mark.parametrize("which", [0, -1], ids=["newest", "oldest"])
@pytest.mark.parametrize(("in_environment", "in_file", "origin"), URLS)
def test_a_url_is_found_where_airflow_finds_it(
    oracle: Oracle,
    tmp_path: Path,
    names: tuple[Name, ...],
    which: int,
    in_environment: dict[str, str],
    in_file: dict[str, str],
    origin: str,
) -> None:
    name = names[which]
    environ = {name.variable + suffix: text for suffix, text in in_environment.items()}
    path = tmp_path / "airflow.cfg"
    options = "".join(f"{name.option}{suffix} = {text}\n" for suffix, text in in_file.items())
    path.write_text(f"[{name.section}]\n{options}")
    found = find(names, environ, airflow_cfg.read(str(path)), sensitive=True)
    assert found
    assert found.origin == origin
    with environment({"PATH": os.environ["PATH"], "AIRFLOW__SECRETS__BACKEND": BACKEND, **environ}):
        oracle.load(path)
        airflows = oracle.conf.get(names[0].section, names[0].option)
    printed = {COMMAND: found.text.removeprefix("echo ") + "\n", SECRET: f"url://secret/{found.text}"}
    assert airflows == printed.get(origin, found.text)
