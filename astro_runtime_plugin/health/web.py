"""Checks that a web component answers: the API server or webserver, flower, and `airflow standalone`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from astro_runtime_plugin.health.http import Server, http_get
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError

# The section of each line with the names of its options there.
SECTIONS = {
    "3.3": ("api", {"host": "host", "port": "port", "base_url": "base_url", "ssl_cert": "ssl_cert"}),
    "2.11": (
        "webserver",
        {
            "host": "web_server_host",
            "port": "web_server_port",
            "base_url": "base_url",
            "ssl_cert": "web_server_ssl_cert",
        },
    ),
}
HEALTH = {"3.3": "api/v2/monitor/health", "2.11": "health"}
EXECUTION_HEALTH = "execution/health"  # of an API server that serves only the tasks' API


def check_web(settings: HealthSettings) -> None:
    """Raise UnhealthyError if the component does not answer, or reports that it cannot reach the database."""
    if settings.command_line_option("--apps") == "execution":
        fetch_health(settings, EXECUTION_HEALTH)
        return
    status = fetch_health(settings, HEALTH[settings.line]).get("metadatabase", {}).get("status")
    if status != "healthy":
        raise UnhealthyError(f"it reports that the metadata database is {status or 'in an unknown state'}")


def check_standalone(settings: HealthSettings) -> None:
    """Raise UnhealthyError if a part of `airflow standalone` is unhealthy."""
    health = fetch_health(settings, HEALTH[settings.line])
    statuses = {name: part.get("status") for name, part in health.items()}
    unhealthy = [
        f"{name} is {status}" for name, status in statuses.items() if status not in ("healthy", None)
    ]
    if unhealthy or statuses.get("scheduler") is None:
        raise UnhealthyError("; ".join(unhealthy) or "there is no scheduler")


def check_flower(settings: HealthSettings) -> None:
    """Raise UnhealthyError if flower does not answer; a request to log in is an answer."""
    host = settings.command_line_option("-H", "--hostname") or settings.get("celery", "flower_host", "")
    port = settings.command_line_option("-p", "--port") or settings.get("celery", "flower_port", "5555")
    prefix = settings.command_line_option("-u", "--url-prefix") or settings.get(
        "celery", "flower_url_prefix", ""
    )
    is_secure = bool(settings.environ.get("FLOWER_CERTFILE"))
    http_get(Server(host, port, is_secure), f"/{prefix.strip('/')}", accepts_refusal=True)


def fetch_health(settings: HealthSettings, path: str) -> dict[str, Any]:
    """Return Airflow's health as the component reports it."""
    base_path = urlsplit(web_option(settings, "base_url")).path.strip("/")
    server = web_server(settings)
    path = "/" + "/".join(filter(None, (base_path, path)))
    try:
        health = json.loads(http_get(server, path))
    except (ValueError, RecursionError):
        health = None
    if not isinstance(health, dict):
        raise UnhealthyError(f"{server}{path} answers with something other than Airflow's health")
    return {name: part for name, part in health.items() if isinstance(part, dict)}


def web_server(settings: HealthSettings) -> Server:
    """Return where this container reaches the component."""
    secure = settings.command_line_option("--ssl-cert") or web_option(settings, "ssl_cert")
    host = settings.command_line_option("-H", "--host", "--hostname")
    port = settings.command_line_option("-p", "--port") or web_option(settings, "port") or "8080"
    return Server(web_option(settings, "host") if host is None else host, port, bool(secure))


def web_option(settings: HealthSettings, name: str) -> str:
    """Return a web option under the line's name for it; empty if it is not set."""
    section, options = SECTIONS[settings.line]
    return settings.get(section, options[name], "")
