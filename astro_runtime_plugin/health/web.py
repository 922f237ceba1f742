"""Whether a web component answers: the API server or webserver, flower, and `airflow standalone` through its own."""

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

SECONDS = 5
# Each option of Airflow 3's [api], and what it is called in Airflow 2's [webserver], which Airflow 3 still reads.
OPTIONS = {
    "host": "web_server_host",
    "port": "web_server_port",
    "base_url": "base_url",
    "ssl_cert": "web_server_ssl_cert",
}
HEALTH = {"3.3": "api/v2/monitor/health", "2.11": "health"}
EXECUTION_HEALTH = "execution/health"  # of an API server that serves the tasks' API alone
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - an address to ask, not one to listen at


def check_web(configured: HealthSettings) -> None:
    """Raise UnhealthyError where the component does not answer, or says that it cannot reach the database."""
    if configured.option("--apps") == "execution":
        health_answer(configured, EXECUTION_HEALTH)
        return
    status = health_answer(configured, HEALTH[configured.line]).get("metadatabase", {}).get("status")
    if status != "healthy":
        raise UnhealthyError(f"it says that the metadata database is {status or 'not known'}")


def check_standalone(configured: HealthSettings) -> None:
    """Raise UnhealthyError where something of `airflow standalone` is not healthy."""
    told = {
        name: part.get("status") for name, part in health_answer(configured, HEALTH[configured.line]).items()
    }
    wrong = [f"{name} is {status}" for name, status in told.items() if status not in ("healthy", None)]
    if wrong or told.get("scheduler") is None:
        raise UnhealthyError("; ".join(wrong) or "there is no scheduler")


def check_flower(configured: HealthSettings) -> None:
    """Raise UnhealthyError where flower does not answer; that it asks for a login is an answer."""
    port = configured.option("-p", "--port") or configured.get("celery", "flower_port", "5555")
    prefix = configured.option("-u", "--url-prefix") or configured.get("celery", "flower_url_prefix", "")
    http_get(f"http://127.0.0.1:{port}/{prefix.strip('/')}", below=500)


def health_answer(configured: HealthSettings, path: str) -> dict[str, Any]:
    """Return what the component says of Airflow's health."""
    url = "/".join(
        filter(None, (address(configured), urlsplit(option(configured, "base_url")).path.strip("/"), path))
    )
    try:
        told = json.loads(http_get(url, below=400))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UnhealthyError(f"{url} answers with something else than Airflow's health")
    return {name: part for name, part in told.items() if isinstance(part, dict)}


def address(configured: HealthSettings) -> str:
    """Return where the component listens: `http://127.0.0.1:8080`."""
    secure = configured.option("--ssl-cert") or option(configured, "ssl_cert")
    host = configured.option("-H", "--host", "--hostname") or option(configured, "host")
    port = configured.option("-p", "--port") or option(configured, "port") or "8080"
    place = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{place}:{port}"


def option(configured: HealthSettings, name: str) -> str:
    """Return a web option under the name that it has in the line; empty where it is not set."""
    old = ConfigOption("webserver", OPTIONS[name])
    if configured.line == "2.11":
        return configured.get(old.section, old.option, "")
    return configured.get("api", name, "", old)


def http_get(url: str, below: int) -> bytes:
    """Return the answer's body. Raises UnhealthyError where there is none, or its status is not below `below`."""
    itself = ssl.create_default_context()
    itself.check_hostname = False  # the certificate names the host as it is seen from outside
    itself.verify_mode = ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=itself))
    try:
        with opener.open(url, timeout=SECONDS) as response:
            return bytes(response.read())
    except HTTPError as error:
        if error.code >= below:
            raise UnhealthyError(f"{url} answers with status {error.code}") from None
        return b""
    except (HTTPException, OSError, ValueError) as error:
        raise UnhealthyError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
