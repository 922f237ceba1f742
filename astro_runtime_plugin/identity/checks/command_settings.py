"""The settings of the identity provider, Airflow's `conf` and its line, for a command."""

from __future__ import annotations

from typing import Any

from airflow.configuration import conf

from astro_runtime_plugin.airflow_compat import line
from astro_runtime_plugin.identity.settings import IdentitySettings, read_settings


def load() -> tuple[IdentitySettings | None, Any, str]:
    """Return the settings, None without a provider or a proxy. Raises StartError for wrong ones."""
    return read_settings(conf), conf, line()
