"""The addresses that the provider must know: where it sends a browser back, and a logout."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from astro_runtime_plugin.identity.setting_problems import LOOPBACK_HOSTS

# By line: the setting with the address under which users open Airflow, and the paths below it.
BASE_URLS = {"3.3": ("api", "base_url"), "2.11": ("webserver", "base_url")}
CALLBACK_PATHS = {"3.3": "/auth/oidc-callback", "2.11": "/oauth-authorized/astro-runtime"}
DEFAULT_BASE_URL = "http://localhost:8080"  # Airflow 3 leaves the setting empty


def base_url(conf: Any, line: str) -> str:
    """Return the address under which users open Airflow, without a slash at its end."""
    section, option = BASE_URLS[line]
    return (conf.get(section, option, fallback="") or DEFAULT_BASE_URL).strip().rstrip("/")


def redirect_uri(conf: Any, line: str) -> str:
    """Return the address to which the provider sends the browser after a login."""
    return base_url(conf, line) + CALLBACK_PATHS[line]


def is_loopback(url: str) -> bool:
    """Whether a valid URL names this machine, which others cannot listen in on."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS
