"""The Celery application that the health check builds is the one that Airflow's Celery provider configures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astro_runtime_plugin.health.celery_settings import default_configuration, section_values
from entrypoint.option_names import ConfigOption
from tests.contract.oracle import Oracle
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

JSON = (
    '{"control_queue_durable": true}',
    '{"control_exchange": "mine", "broker_url": "amqp://x//"}',
    "[]",
    "",
    "{",
    '{"broker_use_ssl": {"a": 1}, "worker_enable_remote_control": false}',
)
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
FILES = ("ssl_key", "ssl_cert", "ssl_cacert")
BROKER_KEYS = ("broker_url", "broker_transport_options", "worker_enable_remote_control", "broker_use_ssl")


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
