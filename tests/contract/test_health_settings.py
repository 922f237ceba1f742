"""What the health check reads from Airflow's configuration; the oracles are Airflow's `conf` and Celery provider."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.oracle import AT_IMPORT, Oracle
from tests.contract.written_settings import (
    BOOLEANS,
    SWITCHES,
    TEXTS,
    Name,
    Written,
    assert_same,
    examples,
    values,
    variables,
)

pytestmark = pytest.mark.timeout(0)  # --states determines how long it takes

NUMBERS = ("30", " 30 ", "30.0", "1_000", "2.5", "1e2", "soon", "", "$NUMBER", "30 # seconds", "inf", "-1")
PATHS = ("socket:getfqdn", "socket.getfqdn", "airflow.utils.net:get_host_ip_address", "a:b:c", "")
NUMBER_OPTIONS = {
    "3.3": (("scheduler", "scheduler_health_check_threshold"), ("dag_processor", "health_check_threshold")),
    "2.11": (("scheduler", "scheduler_health_check_threshold"), ("scheduler", "job_heartbeat_sec")),
}[LINE]
TEXT_OPTIONS = {
    "3.3": (("api", "host"), ("api", "port"), ("api", "base_url"), ("api", "ssl_cert")),
    "2.11": (
        ("webserver", "web_server_host"),
        ("webserver", "web_server_ssl_cert"),
        ("database", "sql_alchemy_schema"),
        ("database", "sql_alchemy_connect_args"),
    ),
}[LINE]
OLDER_NAMES = {
    ("api", "host"): ("webserver", "web_server_host"),
    ("api", "port"): ("webserver", "web_server_port"),
    ("api", "base_url"): ("webserver", "base_url"),
    ("api", "ssl_cert"): ("webserver", "web_server_ssl_cert"),
    ("database", "sql_alchemy_schema"): ("core", "sql_alchemy_schema"),
    ("database", "sql_alchemy_connect_args"): ("core", "sql_alchemy_connect_args"),
}


def test_switches_and_numbers_are_read_as_airflow_reads_them(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    switches = tuple(("celery", option) for option in BOOLEANS)

    @examples(request)
    @given(
        values(switches, SWITCHES),
        values(switches, SWITCHES),
        values(NUMBER_OPTIONS, st.sampled_from(NUMBERS)),
        values(NUMBER_OPTIONS, st.sampled_from(NUMBERS)),
    )
    def assert_read_alike(
        in_environment: dict[Name, str],
        in_cfg: dict[Name, str],
        numbers: dict[Name, str],
        cfg_numbers: dict[Name, str],
    ) -> None:
        written = Written(tmp_path, variables({**in_environment, **numbers}), {**in_cfg, **cfg_numbers})
        for name in switches:
            ours = methodcaller("is_on", *name, oracle_default(oracle, name))
            assert_same(oracle, written, ours, methodcaller("getboolean", *name))
        for name in NUMBER_OPTIONS:
            ours = methodcaller("number", *name, float(oracle_default(oracle, name)))
            assert_same(oracle, written, ours, methodcaller("getfloat", *name))

    assert_read_alike()


def oracle_default(oracle: Oracle, name: Name) -> str:
    return str(oracle.conf.get_default_value(*name))


def test_texts_are_read_under_every_name_that_airflow_reads(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    names = (*TEXT_OPTIONS, *(OLDER_NAMES[name] for name in TEXT_OPTIONS if name in OLDER_NAMES))

    @examples(request)
    @given(values(names, st.sampled_from(TEXTS)), values(names, st.sampled_from(TEXTS)))
    def assert_read_alike(in_environment: dict[Name, str], in_cfg: dict[Name, str]) -> None:
        written = Written(tmp_path, variables(in_environment), in_cfg)
        for name in TEXT_OPTIONS:
            ours = methodcaller("get", *name, "default")
            assert_same(oracle, written, ours, partial(text_if_set, oracle, name))

    assert_read_alike()


def text_if_set(oracle: Oracle, name: Name, conf: Any) -> str:
    """Return the text of a setting; "default" if nobody has set it."""
    return str(conf.get(*name)) if oracle.is_set(ConfigOption(*name)) else "default"


@pytest.mark.parametrize("place", ["environment", "airflow.cfg"])
@pytest.mark.parametrize("path", PATHS)
def test_old_spelling_of_hostname_callable_is_rewritten_as_airflow_does(
    oracle: Oracle, tmp_path: Path, place: str, path: str
) -> None:
    name = ("core", "hostname_callable")
    in_environment = place == "environment"
    written = Written(
        tmp_path, variables({name: path}) if in_environment else {}, {} if in_environment else {name: path}
    )

    def read(conf: Any) -> Any:
        getattr(conf, AT_IMPORT)()
        return conf.get(*name)

    assert_same(oracle, written, lambda h: h.get(*name, "default"), read)
