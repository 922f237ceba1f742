"""What the Celery application of Airflow is configured with, as far as it concerns the broker, without Airflow.

Source: `get_celery_configuration` and `get_default_celery_config` in the Celery provider, and `getsection` in
Airflow's parser; a test compares the two. Importing them would take more time than the whole check.
"""

from __future__ import annotations

import json
import re
import ssl
from contextlib import suppress
from typing import Any

from astro_runtime_plugin.health.settings import HealthSettings, UnknownHealthError
from entrypoint.broker_settings import TRANSPORT_OPTIONS, celery_tls_files
from entrypoint.command import BROKER
from entrypoint.config_values import expand
from entrypoint.option_names import ConfigOption

AIRFLOW_CONFIGURATION = "airflow.providers.celery.executors.default_celery.DEFAULT_CELERY_CONFIG"
# Source: `_BROKER_TRANSPORT_DICT_OPTIONS` in the provider's default_celery.py.
JSON_OPTIONS = (
    "client-config",
    "fetch_message_attributes",
    "kafka_admin_config",
    "kafka_common_config",
    "kafka_consumer_config",
    "kafka_producer_config",
    "predefined_exchanges",
    "predefined_queues",
    "queue_tags",
    "sentinel_kwargs",
    "sqs-creation-attributes",
)
WITH_VISIBILITY_TIMEOUT = ("redis://", "rediss://", "sqs://", "sentinel://")
VISIBILITY_TIMEOUT = 86400  # seconds, the provider's default


def celery_configuration(settings: HealthSettings) -> Any:
    """Return what configures Airflow's Celery application: a mapping, or whatever object the operator has named.

    Raises UnknownHealthError if only Airflow can determine it.
    """
    if settings.command_line_option("-t", "--team"):
        raise UnknownHealthError("the worker is a team's, whose settings only Airflow can read")
    path = settings.get("celery", "celery_config_options", AIRFLOW_CONFIGURATION)
    if path != AIRFLOW_CONFIGURATION:
        return settings.import_attribute(path) if path else {}
    return default_configuration(settings)


def default_configuration(settings: HealthSettings) -> dict[str, Any]:
    """Return the part of the provider's DEFAULT_CELERY_CONFIG that concerns the broker."""
    url = settings.url(BROKER)
    extra = parse_json(
        settings.get("celery", "extra_celery_config", "") or "{}", "[celery] extra_celery_config"
    )
    return {
        "broker_url": url,
        "broker_transport_options": transport_options(settings, url),
        "worker_enable_remote_control": settings.is_on("celery", "worker_enable_remote_control", "True"),
        **(extra if isinstance(extra, dict) else {}),
        **certificates(settings, url),
    }


def transport_options(settings: HealthSettings, url: str) -> dict[str, Any]:
    """Return every transport option of the operator's, and the provider's own one."""
    options = section_values(settings, TRANSPORT_OPTIONS)
    if url.startswith(WITH_VISIBILITY_TIMEOUT):
        options.setdefault("visibility_timeout", VISIBILITY_TIMEOUT)
    return {
        name: parse_json(value, f"[{TRANSPORT_OPTIONS}] {name}") if name in JSON_OPTIONS else value
        for name, value in options.items()
    }


def parse_json(text: Any, location: str) -> Any:
    """Return the value of a text in JSON. Raises UnknownHealthError for another one, which Airflow does not use."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise UnknownHealthError(f"{location} must be JSON") from None


def section_values(settings: HealthSettings, section: str) -> dict[str, Any]:
    """Return the options of a section as Airflow's `getsection` converts them."""
    texts = {option: settings.cfg.get(section, option) or "" for option in settings.cfg.options(section)}
    prefix = ConfigOption(section, "").variable
    for variable in sorted(settings.environ):
        if variable.startswith(prefix):
            name = variable[len(prefix) :].removesuffix("_CMD").lower()
            texts[name] = variable_text(settings, prefix + name.upper())
    return {option: convert(text) for option, text in texts.items()}


def variable_text(settings: HealthSettings, variable: str) -> str:
    """Return an option's text from its variable, or from the command that one names."""
    if variable in settings.environ:
        return expand(settings.environ[variable], variable)
    return run_command(settings.environ[f"{variable}_CMD"], f"{variable}_CMD")


def run_command(command: str, location: str) -> str:
    """Return what a command prints. Raises UnknownHealthError if it fails."""
    import shlex
    import subprocess

    try:
        done = subprocess.run(shlex.split(command), capture_output=True, check=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise UnknownHealthError(f"the command in {location} failed") from None
    return done.stdout.decode(errors="ignore")


def convert(text: str) -> str | float | bool:
    """Return a number, a boolean or the text, as `getsection` does."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return {"t": True, "true": True, "f": False, "false": False}.get(text.lower(), text)


def certificates(settings: HealthSettings, url: str) -> dict[str, Any]:
    """Return Celery's `broker_use_ssl` if TLS is on, as the provider builds it.

    Raises UnknownHealthError if TLS is on and `ssl_mutual_tls` is not a boolean, which the provider does not accept.
    """
    files = celery_tls_files(settings.environ, settings.cfg)
    if files is None:
        return {}
    settings.is_on("celery", "ssl_mutual_tls", "True")
    prefix = "" if re.search("amqps?://", url) else "ssl_"
    options = {"cert_reqs": ssl.CERT_REQUIRED, **files}
    return {"broker_use_ssl": {f"{prefix}{name}": value for name, value in options.items()}}
