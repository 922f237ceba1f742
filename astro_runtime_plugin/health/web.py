"""Checks that a web component answers: the API server or webserver, flower, and `airflow standalone`."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError
from entrypoint.option_names import ConfigOption

TIMEOUT_SECONDS = 5
# Options in Airflow 3's [api], with their names in Airflow 2's [webserver], which Airflow 3 still reads.
OPTIONS = {
    "host": "web_server_host",
    "port": "web_server_port",
    "base_url": "base_url",
    "ssl_cert": "web_server_ssl_cert",
}
HEALTH = {"3.3": "api/v2/monitor/health", "2.11": "health"}
EXECUTION_HEALTH = "execution/health"  # of an API server that serves only the tasks' API
ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - only compared with, never listened on


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
    port = settings.command_line_option("-p", "--port") or settings.get("celery", "flower_port", "5555")
    prefix = settings.command_line_option("-u", "--url-prefix") or settings.get(
        "celery", "flower_url_prefix", ""
    )
    http_get(f"http://127.0.0.1:{port}/{prefix.strip('/')}", max_status=499)


def fetch_health(settings: HealthSettings, path: str) -> dict[str, Any]:
    """Return Airflow's health as the component reports it."""
    base_path = urlsplit(web_option(settings, "base_url")).path.strip("/")
    url = "/".join(filter(None, (local_url(settings), base_path, path)))
    try:
        health = json.loads(http_get(url, max_status=399))
    except ValueError:
        health = None
    if not isinstance(health, dict):
        raise UnhealthyError(f"{url} answers with something other than Airflow's health")
    return {name: part for name, part in health.items() if isinstance(part, dict)}


def local_url(settings: HealthSettings) -> str:
    """Return the URL at which this container reaches the component, such as `http://127.0.0.1:8080`."""
    secure = settings.command_line_option("--ssl-cert") or web_option(settings, "ssl_cert")
    host = settings.command_line_option("-H", "--host", "--hostname") or web_option(settings, "host")
    port = settings.command_line_option("-p", "--port") or web_option(settings, "port") or "8080"
    address = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{address}:{port}"


def web_option(settings: HealthSettings, name: str) -> str:
    """Return a web option under the line's name for it; empty if it is not set."""
    older_name = ConfigOption("webserver", OPTIONS[name])
    if settings.line == "2.11":
        return settings.get(older_name.section, older_name.option, "")
    return settings.get("api", name, "", older_name)


def http_get(url: str, max_status: int) -> bytes:
    """Return the response's body. Raises UnhealthyError without a response, and for a status above `max_status`."""
    context = ssl.create_default_context()
    context.check_hostname = False  # the certificate is for the host's name outside the container
    context.verify_mode = ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=TIMEOUT_SECONDS) as response:
            return bytes(response.read())
    except HTTPError as error:
        if error.code > max_status:
            raise UnhealthyError(f"{url} answers with status {error.code}") from None
        return b""
    except (HTTPException, OSError, ValueError) as error:
        raise UnhealthyError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
