"""Where this Airflow is for browsers and for the provider."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from airflow.configuration import conf
from flask import Request

from astro_runtime_plugin.identity import addresses
from astro_runtime_plugin.identity.next_url import origin_of

LINE = "2.11"
ENDED_PATH = "/identity/ended"
ADMIN_LOGIN_PATH = "/identity/admin-token"


def base_url() -> str:
    """Return `[webserver] base_url`."""
    return addresses.base_url(conf, LINE)


def origin() -> str:
    """Return scheme, host and port of the base URL."""
    return origin_of(base_url())


def redirect_uri() -> str:
    """Return the address to which the provider sends the browser after a login."""
    return addresses.redirect_uri(conf, LINE)


def post_logout_uri() -> str:
    """Return the address to which the provider sends the browser after a logout."""
    return base_url() + ENDED_PATH


def is_secure() -> bool:
    """Whether browsers use TLS, so that cookies must."""
    return base_url().lower().startswith("https:")


def callback_path() -> str:
    """Return the path of the callback as browsers see it: that of the login's cookies."""
    return urlsplit(redirect_uri()).path


def own_hosts(request: Request) -> set[str]:
    """Return the hosts, with ports, under which browsers may know this site."""
    return {request.host, urlsplit(base_url()).netloc}


def relative_url(url: str) -> str:
    """Return path and query of a URL of this site: behind a proxy Airflow may not know its own scheme and host."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path, parts.query, ""))
