"""What the entrypoint knows about the broker is what Airflow's Celery provider builds for Celery."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.celery.executors.default_celery import get_default_celery_config

from entrypoint import config_file
from entrypoint.broker_settings import BrokerSettings, read_broker_settings
from entrypoint.endpoints import endpoints
from tests.contract.oracle import Oracle, replaced_environ

REDIS = {"AIRFLOW__CELERY__BROKER_URL": "redis://:pw@redis:1/0"}
RABBITMQ = {"AIRFLOW__CELERY__BROKER_URL": "amqp://u:p@rabbit//"}
SENTINEL = {"AIRFLOW__CELERY__BROKER_URL": "sentinel://s1;sentinel://s2"}
SSL = {"AIRFLOW__CELERY__SSL_ACTIVE": "True"}
FILES = {f"AIRFLOW__CELERY__SSL_{name}": f"/tls/{name.lower()}" for name in ("CACERT", "KEY", "CERT")}
EXTRA = "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"
TRANSPORT = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
STATES = [
    {},
    REDIS,
    {**REDIS, **SSL, **FILES},
    {**RABBITMQ, **SSL, **FILES},
    {**REDIS, **SSL, **FILES, "AIRFLOW__CELERY__SSL_MUTUAL_TLS": "False"},
    {**REDIS, **FILES, "AIRFLOW__CELERY__SSL_ACTIVE": "t # TLS"},
    {**REDIS, **FILES, "AIRFLOW__CELERY__SSL_ACTIVE": "1"},
    {**REDIS, **FILES, "AIRFLOW__CELERY__SSL_ACTIVE": "F"},
    {**SENTINEL, f"{TRANSPORT}MASTER_NAME": "mymaster"},
    {**SENTINEL, f"{TRANSPORT}SENTINEL_KWARGS": '{"password": "pw", "ssl": true}'},
    {**REDIS, EXTRA: json.dumps({"broker_url": "amqp://other//"})},
    {**REDIS, EXTRA: json.dumps({"broker_url": ["redis://a", "redis://b"]})},
    {**SENTINEL, EXTRA: json.dumps({"broker_transport_options": {"master_name": "other"}})},
    {EXTRA: json.dumps({"broker_use_ssl": {"ssl_cert_reqs": 0}})},
    {EXTRA: "[]"},
]


def airflow_tls(config: dict[str, Any]) -> dict[str, str] | None:
    """Return Celery's `broker_use_ssl` in the words of `tls.wrap`."""
    options = config.get("broker_use_ssl")
    if options is None:
        return None
    plain = {name.removeprefix("ssl_"): value for name, value in options.items()}
    files = {"ca": "ca_certs", "certificate": "certfile", "key": "keyfile", "password": "keyfile_password"}
    verify = "none" if plain["cert_reqs"] == ssl.CERT_NONE else "host"
    return {"verify": verify, **{name: plain.get(option, "") for name, option in files.items()}}


@pytest.mark.parametrize("environ", STATES)
@pytest.mark.parametrize("source", ["environment", "airflow.cfg"])
def test_broker_settings_match_airflow(
    oracle: Oracle, tmp_path: Path, environ: dict[str, str], source: str
) -> None:
    path = tmp_path / "airflow.cfg"
    path.write_text(as_cfg(environ) if source == "airflow.cfg" else "")
    variables = environ if source == "environment" else {}
    with replaced_environ(variables):
        oracle.load(path)
        config = get_default_celery_config(oracle.conf)
        (settings,) = read_broker_settings(variables, config_file.read_config(str(path)))
    url = config["broker_url"]
    assert settings.url == (";".join(url) if isinstance(url, list) else url)
    options = config["broker_transport_options"]
    assert settings.master_name == options.get("master_name", "")
    assert settings.sentinel == options.get("sentinel_kwargs", {})
    for endpoint in endpoints(settings.url or "", "X"):
        assert settings.tls_options(endpoint.url) == airflow_tls(config)


def as_cfg(environ: dict[str, str]) -> str:
    """Return the lines of airflow.cfg that set what the variables set."""
    lines = []
    for variable, text in environ.items():
        _, section, option = variable.lower().split("__")
        lines += [f"[{section}]"] * (f"[{section}]" not in lines) + [f"{option} = {text}"]
    return "\n".join(lines) + "\n"


def test_python_object_is_not_read(tmp_path: Path) -> None:
    cfg = config_file.read_config(str(tmp_path / "airflow.cfg"))
    custom = {"AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "my.module.CONFIG"}
    (settings,) = read_broker_settings(custom, cfg)
    assert (settings.url, settings.connect_only) == (None, True)
    assert settings.location == "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS"
    (settings,) = read_broker_settings({**custom, **REDIS}, cfg)
    assert (settings.url, settings.connect_only) == ("redis://:pw@redis:1/0", True)
    brokers = read_broker_settings({**custom, "CELERY_BROKER_READ_URL": "amqp://rabbit"}, cfg)
    assert [(broker.url, broker.connect_only) for broker in brokers] == [
        (None, True),
        ("amqp://rabbit", True),
    ]
    (settings,) = read_broker_settings({**custom, "CELERY_BROKER_URL": "amqp://rabbit"}, cfg)
    assert (settings.location, settings.url) == ("CELERY_BROKER_URL", "amqp://rabbit")


def test_command_is_run_once_and_only_if_celery_uses_its_url(tmp_path: Path) -> None:
    cfg = config_file.read_config(str(tmp_path / "airflow.cfg"))
    command = {
        "AIRFLOW__CELERY__BROKER_URL_CMD": f"bash -c 'echo x >>{tmp_path}/runs; printf redis://r'",
    }
    assert [broker.url for broker in read_broker_settings(command, cfg)] == ["redis://r"]
    read_broker_settings({**command, "CELERY_BROKER_URL": "redis://other"}, cfg)
    assert (tmp_path / "runs").read_text() == "x\n"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://r", None),
        ("rediss://r", "none"),
        ("rediss://r?ssl_cert_reqs=required", "host"),
        ("rediss://r?ssl_cert_reqs=CERT_REQUIRED&ssl_check_hostname=false", "chain"),
        ("rediss://r?ssl_cert_reqs=CERT_NONE", "none"),
        ("amqps://r", "none"),
    ],
)
def test_tls_of_url(url: str, expected: str | None) -> None:
    (endpoint,) = endpoints(url, "X")
    options = BrokerSettings("X", url).tls_options(endpoint.url)
    assert (options and options["verify"]) == expected
