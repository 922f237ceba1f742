"""What the health check reads from Airflow's configuration; the oracles are Airflow's `conf` and Celery provider."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from astro_runtime_plugin.health.celery_settings import default_configuration, section_values
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint import config_file
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption
from testing.installed_line import LINE
from tests.contract.oracle import AT_IMPORT, Oracle, replaced_environ

pytestmark = pytest.mark.timeout(0)  # --states determines how long it takes

COMMENTS = ("", " # TLS", "  # on", "#", " ; no comment", " #a # b")
WORDS = (
    "True",
    "true",
    "TRUE",
    " t ",
    "1",
    "False",
    "f",
    "0",
    "yes",
    "on",
    "",
    "None",
    "$SWITCH",
    "%(other)s",
    "%%",
)
NUMBERS = ("30", " 30 ", "30.0", "1_000", "2.5", "1e2", "soon", "", "$NUMBER", "30 # seconds", "inf", "-1")
TEXTS = ("/certs/a.pem", "", "$HOME/b.pem", "~/c.pem", "a#b", "a # b", " x ", "%(other)s", "100%%")
PATHS = ("socket:getfqdn", "socket.getfqdn", "airflow.utils.net:get_host_ip_address", "a:b:c", "")
JSON: tuple[str, ...] = (
    '{"control_queue_durable": true}',
    '{"control_exchange": "mine", "broker_url": "amqp://x//"}',
    "[]",
    "",
    "{",
)
JSON += ('{"broker_use_ssl": {"a": 1}, "worker_enable_remote_control": false}',)
URLS = (
    "redis://h:1/0",
    "rediss://h:1/0",
    "amqp://h//",
    "amqps://h//",
    "sentinel://h:1;sentinel://i:2",
    "pyamqp://h//",
)
OPTIONS = (
    "fanout_prefix",
    "global_keyprefix",
    "visibility_timeout",
    "master_name",
    "sentinel_kwargs",
    "Mixed_Case",
)
OPTION_TEXTS = (
    "False",
    "true",
    "T",
    "f",
    "0",
    "21600",
    "1.5",
    "team-",
    "$HOME",
    '{"password": "p"}',
    "True # x",
    "",
)
BOOLEANS = ("ssl_active", "ssl_mutual_tls", "worker_enable_remote_control")
FILES = ("ssl_key", "ssl_cert", "ssl_cacert")
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
BROKER_KEYS = ("broker_url", "broker_transport_options", "worker_enable_remote_control", "broker_use_ssl")
Name = tuple[str, str]


class Written:
    """Settings in the environment and in airflow.cfg."""

    def __init__(self, home: Path, environ: Mapping[str, str], cfg: Mapping[Name, str]) -> None:
        self.path = home / "airflow.cfg"
        sections = sorted({section for section, _ in cfg})
        lines = [line for section in sections for line in section_lines(section, cfg)]
        self.path.write_text("\n".join(lines))
        base = {"PATH": os.environ["PATH"], "HOME": "/users/me", "AIRFLOW_HOME": str(home)}
        self.environ = {**base, "SWITCH": "True", "NUMBER": "40", **environ}

    def health(self) -> HealthSettings:
        return HealthSettings(
            self.environ, config_file.read_config(str(self.path)), LINE, ("celery", "worker")
        )


def section_lines(section: str, cfg: Mapping[Name, str]) -> list[str]:
    options = [f"{option} = {text}" for (name, option), text in cfg.items() if name == section]
    return [f"[{section}]", "other = true", *options, ""]


def variables(values: Mapping[Name, str]) -> dict[str, str]:
    return {ConfigOption(*name).variable: text for name, text in values.items()}


def outcome(read: Callable[[], Any]) -> Any:
    """Return what `read` returns, or the word for an error."""
    try:
        return read()
    except Exception:  # Airflow and the check have errors of their own
        return "error"


def examples(request: pytest.FixtureRequest) -> settings:
    return settings(
        max_examples=int(request.config.getoption("states")), suppress_health_check=list(HealthCheck)
    )


def values(names: tuple[Name, ...], *texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[Name, str]]:
    return st.dictionaries(st.sampled_from(names), st.one_of(*texts), max_size=4)


SWITCHES = st.builds(str.__add__, st.sampled_from(WORDS), st.sampled_from(COMMENTS))


def assert_same(
    oracle: Oracle, written: Written, ours: Callable[[HealthSettings], Any], airflows: Callable[[Any], Any]
) -> None:
    """The check reads what Airflow reads. Where Airflow cannot use the text, the check may do as it likes."""
    with replaced_environ(written.environ), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle.load(written.path)
        expected = outcome(lambda: airflows(oracle.conf))
        try:
            result = ours(written.health())
        except (UnhealthyError, UnknownHealthError, StartError, ValueError):
            result = "error"
    assert expected == "error" or result == expected


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


def test_every_transport_option_is_passed_on_as_airflow_reads_it(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    section = "celery_broker_transport_options"
    names = tuple((section, option) for option in OPTIONS)

    @examples(request)
    @given(
        values(names, st.sampled_from(OPTION_TEXTS)),
        values(names, st.sampled_from(OPTION_TEXTS)),
        st.booleans(),
    )
    @example({(section, "fanout_prefix"): "False"}, {}, False)
    def assert_read_alike(in_environment: dict[Name, str], in_cfg: dict[Name, str], command: bool) -> None:
        commands = {f"{ConfigOption(section, 'sentinel_kwargs').variable}_CMD": "echo {}"} if command else {}
        written = Written(tmp_path, {**variables(in_environment), **commands}, in_cfg)
        assert_same(
            oracle, written, lambda h: section_values(h, section), lambda conf: conf.getsection(section) or {}
        )

    assert_read_alike()


def test_application_is_configured_as_the_provider_does(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    """The broker's part of `get_default_celery_config`, with TLS, transport options and `extra_celery_config`."""
    oracle.load(None)  # the module reads the configuration when it is imported
    from airflow.providers.celery.executors.default_celery import get_default_celery_config

    celery = tuple(("celery", option) for option in (*BOOLEANS, *FILES))
    options = tuple(("celery_broker_transport_options", option) for option in OPTIONS)

    def configuration(conf: Any) -> Any:
        return broker_part(get_default_celery_config(conf))

    @examples(request)
    @given(
        values(celery[:3], SWITCHES),
        values(celery[3:], st.sampled_from(TEXTS)),
        values(options, st.sampled_from(OPTION_TEXTS)),
        st.sampled_from(URLS),
        st.sampled_from(JSON),
        st.booleans(),
    )
    @example(
        {celery[0]: "True # TLS", celery[1]: "False"},
        {celery[3]: "/k", celery[4]: "/c"},
        {},
        URLS[0],
        "",
        False,
    )
    def assert_configured_alike(
        switches: dict[Name, str],
        files: dict[Name, str],
        transport: dict[Name, str],
        url: str,
        extra: str,
        in_environment: bool,
    ) -> None:
        all_values = {
            **switches,
            **files,
            **transport,
            ("celery", "broker_url"): url,
            ("celery", "extra_celery_config"): extra,
        }
        environ, cfg = (variables(all_values), {}) if in_environment else ({}, all_values)
        written = Written(tmp_path, environ, cfg)
        assert_same(oracle, written, lambda h: broker_part(default_configuration(h)), configuration)

    assert_configured_alike()


def broker_part(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that concerns the broker: what the check builds, and what only `extra_celery_config` can have."""
    names = (*BROKER_KEYS, "control_queue_durable", "control_exchange")
    return {name: configuration[name] for name in names if name in configuration}
