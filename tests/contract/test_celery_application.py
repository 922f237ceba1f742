"""Queries of workers and the wait at the start reach the brokers that Airflow's own application reaches."""

from __future__ import annotations

import json
import os
import pickle
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from string import ascii_letters, digits
from types import ModuleType
from typing import Any

import pytest
from celery import Celery
from celery.app.defaults import DEFAULTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astro_runtime_plugin.celery_client import CONNECT_TIMEOUT, NO_RETRIES, REDIS_TIMEOUTS, create_app
from astro_runtime_plugin.parallelism.reply_mailbox import REPLY_QUEUE_SECONDS, ReplyControl
from astro_runtime_plugin.parallelism.worker_inspector import broker_settings
from entrypoint import config_file
from entrypoint.broker_settings import read_broker_settings
from tests.contract.oracle import Oracle, replaced_environ

pytestmark = pytest.mark.timeout(0)  # --states determines how long it takes
MODULE = "operators_celery_config"
OVERRIDDEN = {
    "broker_connection_retry": False,
    "broker_connection_timeout": CONNECT_TIMEOUT,
}
passwords = st.text(st.sampled_from(ascii_letters + digits), min_size=1, max_size=5).map(
    lambda text: f"p%40{text}"
)
urls = st.one_of(
    st.builds(
        "{}://{}:{}@host:{}/{}".format,
        st.sampled_from(["redis", "rediss", "amqp", "amqps", "pyamqp", "sentinel"]),
        st.sampled_from(["", "user", "u%2Fser"]),
        passwords,
        st.integers(1, 65535),
        st.integers(0, 15),
    ),
    st.sampled_from(
        [
            "sentinel://:p@one:26379/0;sentinel://:p@two:26379/0",
            "redis+socket:///run/redis.sock?virtual_host=3",
            "amqp://a//;amqp://b//",
            "filesystem://",
            "memory://",
            "rediss://host/0?ssl_cert_reqs=CERT_NONE",
        ]
    ),
)
names = st.text(st.sampled_from(ascii_letters), min_size=1, max_size=8).filter(
    lambda text: text.lower() != "nan"  # Airflow reads it as a number, which differs from itself
)
dictionaries = st.dictionaries(names, st.one_of(names, st.integers(), st.booleans()), max_size=3)
# Every option that reaches kombu or a driver goes through.
transport_options = st.fixed_dictionaries(
    {},
    optional={
        "visibility_timeout": st.integers(1, 10**6).map(str),
        "fanout_prefix": st.sampled_from(["True", "False", "/{db}.mine."]),
        "fanout_patterns": st.sampled_from(["True", "False"]),
        "global_keyprefix": names,
        "master_name": names,
        "sentinel_kwargs": st.builds(json.dumps, dictionaries),
        "predefined_queues": st.builds(json.dumps, dictionaries),
        "socket_keepalive": st.sampled_from(["True", "False"]),
        "socket_timeout": st.sampled_from(["0.5", "120"]),
        "max_retries": st.sampled_from(["3"]),
        "priority_steps": names,
        "region": names,
        "health_check_interval": st.integers(0, 99).map(str),
    },
)
switches = st.sampled_from(["True", "False", "1", "0", "t", "f", "true"])
celery_section = st.fixed_dictionaries(
    {},
    optional={
        "broker_url": urls,
        "ssl_active": switches,
        "ssl_mutual_tls": switches,
        "ssl_key": st.sampled_from(["/key", ""]),
        "ssl_cert": st.sampled_from(["/cert", ""]),
        "ssl_cacert": st.sampled_from(["/ca", ""]),
        "worker_enable_remote_control": switches,
        "broker_connection_retry_on_startup": switches,
        "task_acks_late": switches,
    },
)
tls = st.one_of(
    st.booleans(),
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "ssl_cert_reqs": st.sampled_from(["required", "none"]),
            "ssl_ca_certs": names,
            "cert_reqs": st.just(2),
        },
    ),
)
# What [celery] extra_celery_config and celery_config_options may hold.
celery_settings = st.fixed_dictionaries(
    {},
    optional={
        "broker_url": urls,
        "broker_read_url": urls,
        "broker_write_url": urls,
        "broker_use_ssl": tls,
        "broker_transport_options": dictionaries,
        "broker_login_method": st.sampled_from(["PLAIN", "AMQPLAIN", "EXTERNAL", None]),
        "broker_failover_strategy": st.sampled_from(["round-robin", "shuffle"]),
        "broker_heartbeat": st.one_of(st.none(), st.integers(0, 300)),
        "broker_pool_limit": st.one_of(st.none(), st.integers(0, 10)),
        "broker_connection_timeout": st.integers(1, 99),
        "broker_connection_max_retries": st.one_of(st.none(), st.integers(0, 9)),
        "broker_channel_error_retry": st.booleans(),
        "control_exchange": names,
        "control_queue_durable": st.booleans(),
        "control_queue_exclusive": st.booleans(),
        "control_queue_ttl": st.one_of(st.none(), st.integers(1, 999)),
        "control_queue_expires": st.one_of(st.none(), st.integers(1, 999)),
        "event_queue_durable": st.booleans(),
        "event_queue_exclusive": st.booleans(),
        "event_queue_expires": st.integers(1, 999),
        "event_queue_ttl": st.integers(1, 999),
        "event_queue_prefix": names,
        "event_exchange": names,
        "accept_content": st.sampled_from([["json"], ["json", "yaml"]]),
        "task_serializer": st.sampled_from(["json", "yaml"]),
        "worker_enable_remote_control": st.booleans(),
    },
)
layers = st.sampled_from(["extra_celery_config", "celery_config_options", ""])
environments = st.fixed_dictionaries(
    {}, optional={"CELERY_BROKER_URL": urls, "CELERY_BROKER_READ_URL": urls, "CELERY_BROKER_WRITE_URL": urls}
)


@contextmanager
def configured(
    oracle: Oracle,
    home: Path,
    celery: Mapping[str, str],
    options: Mapping[str, str],
    layer: str,
    extra: Mapping[str, Any],
    environ: Mapping[str, str],
) -> Iterator[None]:
    """Let Airflow have this configuration."""
    module = ModuleType(MODULE)
    vars(module)["CONFIG"] = extra
    layers = {
        "extra_celery_config": json.dumps(extra).replace("%", "%%"),
        "celery_config_options": f"{MODULE}.CONFIG",
    }
    section = {**celery, **({layer: layers[layer]} if layer else {})}
    lines = [
        "[celery]",
        *(
            f"{name} = {value.replace('%', '%%') if name != layer else value}"
            for name, value in section.items()
        ),
    ]
    lines += ["[celery_broker_transport_options]", *(f"{name} = {value}" for name, value in options.items())]
    path = home / "airflow.cfg"
    path.write_text("\n".join(lines))
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    with replaced_environ({**base, **environ}):
        sys.modules[MODULE] = module
        oracle.load(path)
        try:
            yield
        finally:
            del sys.modules[MODULE]


def assert_same_broker(airflow: Celery, client: Celery) -> None:
    """Both applications reach the same workers in the same way."""
    settings = [name for name in DEFAULTS if name.startswith(("broker_", "control_", "event_"))]
    for name in [*settings, "accept_content", "task_serializer", "worker_enable_remote_control"]:
        if name not in {*OVERRIDDEN, "broker_transport_options"}:
            theirs, ours = airflow.conf[name], client.conf[name]
            assert ours == theirs or not (ours or theirs), name  # None and False are both "off"
    overridden = {**NO_RETRIES, **REDIS_TIMEOUTS}
    assert {name: client.conf[name] for name in OVERRIDDEN} == OVERRIDDEN
    for theirs, ours in (
        (airflow.connection_for_read(), client.connection_for_read()),
        (airflow.connection_for_write(), client.connection_for_write()),
    ):
        assert ours.as_uri(include_password=True) == theirs.as_uri(include_password=True)
        assert (ours.alt, ours.ssl or None) == (theirs.alt, theirs.ssl or None)  # both are "off"
        assert ours.login_method == theirs.login_method
        assert ours.failover_strategy == theirs.failover_strategy
        assert ours.heartbeat == theirs.heartbeat
        assert without(ours.transport_options, overridden) == without(theirs.transport_options, overridden)


def without(options: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without these, also for the Sentinels, which have options of their own."""
    sentinels = options.get("sentinel_kwargs")
    kept = {name: value for name, value in options.items() if name not in names}
    return {**kept, "sentinel_kwargs": without(sentinels, names)} if isinstance(sentinels, Mapping) else kept


def assert_same_mailbox(airflow: Celery, client: Celery) -> None:
    """Both applications ask over the same exchange; a reply queue ends by itself."""
    if airflow.conf.control_queue_durable and airflow.conf.control_queue_exclusive:
        return  # Celery refuses this
    theirs, ours = airflow.control.mailbox, ReplyControl(client).mailbox
    for name in (
        "exchange",
        "reply_exchange",
        "serializer",
        "accept",
        "queue_durable",
        "queue_exclusive",
        "queue_ttl",
    ):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.reply_queue_expires == (theirs.reply_queue_expires or REPLY_QUEUE_SECONDS)


def test_client_has_the_brokers_settings_of_airflows_application(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    from airflow.providers.celery.executors.celery_executor_utils import create_celery_app

    compared = 0

    @settings(max_examples=request.config.getoption("states"), suppress_health_check=list(HealthCheck))
    @given(celery_section, transport_options, layers, celery_settings, environments)
    def assert_settings_are_carried(
        celery: dict[str, str],
        options: dict[str, str],
        layer: str,
        extra: dict[str, Any],
        environ: dict[str, str],
    ) -> None:
        nonlocal compared
        with configured(oracle, tmp_path, celery, options, layer, extra, environ), suppress(ValueError):
            # ValueError: Airflow refuses TLS without certificates, and for SQS.
            airflow = create_celery_app(oracle.conf)
            question = pickle.dumps(broker_settings(airflow.conf))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                client = create_app(pickle.loads(question))
            assert_same_broker(airflow, client)
            assert_same_mailbox(airflow, client)
            compared += 1

    assert_settings_are_carried()
    assert compared > request.config.getoption("states") / 2


def test_wait_is_for_the_brokers_of_airflows_application(
    request: pytest.FixtureRequest, oracle: Oracle, tmp_path: Path
) -> None:
    """A Python object of the operator's is not read at the start, so that layer is left out."""
    from airflow.providers.celery.executors.celery_executor_utils import create_celery_app

    compared = 0

    @settings(max_examples=request.config.getoption("states"), suppress_health_check=list(HealthCheck))
    @given(celery_section, st.sampled_from(["extra_celery_config", ""]), celery_settings, environments)
    def assert_brokers_are_awaited(
        celery: dict[str, str], layer: str, extra: dict[str, Any], environ: dict[str, str]
    ) -> None:
        nonlocal compared
        with configured(oracle, tmp_path, celery, {}, layer, extra, environ), suppress(ValueError):
            airflow = create_celery_app(oracle.conf)
            cfg = config_file.read_config(str(tmp_path / "airflow.cfg"))
            brokers = read_broker_settings(os.environ, cfg)
            assert {broker.url for broker in brokers} == {
                airflow.conf.broker_write_url,
                airflow.conf.broker_read_url,
            }
            compared += 1

    assert_brokers_are_awaited()
    assert compared > request.config.getoption("states") / 2
