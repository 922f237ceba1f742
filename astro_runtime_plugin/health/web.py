"""Whether a web component answers: the API server or webserver, flower, and `airflow standalone` through its own."""

from __future__ import annotations

import json
import ssl
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from astro_runtime_plugin.health.configured import Configured, UnhealthyError
from entrypoint.names import Name

SECONDS = 5
# By line: the section, its options for port, base URL and certificate, and the path of the health answer.
WEB = {
    "3.3": ("api", "port", "base_url", "ssl_cert", "api/v2/monitor/health"),
    "2.11": ("webserver", "web_server_port", "base_url", "web_server_ssl_cert", "health"),
}
OLD_PORT = Name("webserver", "web_server_port")


def check_web(configured: Configured) -> None:
    """Raise UnhealthyError where the component does not answer, or says that it cannot reach the database."""
    status = answer(configured).get("metadatabase", {}).get("status")
    if status != "healthy":
        raise UnhealthyError(f"it says that the metadata database is {status or 'not known'}")


def check_standalone(configured: Configured) -> None:
    """Raise UnhealthyError where something of `airflow standalone` is not healthy."""
    told = {name: part.get("status") for name, part in answer(configured).items()}
    wrong = [f"{name} is {status}" for name, status in told.items() if status not in ("healthy", None)]
    if wrong or told.get("scheduler") is None:
        raise UnhealthyError("; ".join(wrong) or "there is no scheduler")


def check_flower(configured: Configured) -> None:
    """Raise UnhealthyError where flower does not answer; that it asks for a login is an answer."""
    port = configured.option("-p", "--port") or configured.get("celery", "flower_port", "5555")
    prefix = configured.option("-u", "--url-prefix") or configured.get("celery", "flower_url_prefix", "")
    _ask(f"http://127.0.0.1:{port}/{prefix.strip('/')}", below=500)


def answer(configured: Configured) -> dict[str, Any]:
    """Return what the component says of Airflow's health."""
    section, port_option, base, certificate, path = WEB[configured.line]
    port = configured.option("-p", "--port") or configured.get(section, port_option, "8080", OLD_PORT)
    secure = configured.option("--ssl-cert") or configured.get(section, certificate, "")
    prefix = urlsplit(configured.get(section, base, "")).path.strip("/")
    url = "/".join(filter(None, (f"http{'s' if secure else ''}://127.0.0.1:{port}", prefix, path)))
    try:
        told = json.loads(_ask(url, below=400))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UnhealthyError(f"{url} answers with something else than Airflow's health")
    return {name: part for name, part in told.items() if isinstance(part, dict)}


def _ask(url: str, below: int) -> bytes:
    """Return the answer's body. Raises UnhealthyError where there is none, or its status is not below `below`."""
    itself = ssl.create_default_context()
    itself.check_hostname, itself.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # the certificate names the host from outside
    try:
        with urlopen(url, timeout=SECONDS, context=itself) as response:  # noqa: S310 - http or https, to this host
            return bytes(response.read())
    except HTTPError as error:
        if error.code >= below:
            raise UnhealthyError(f"{url} answers with status {error.code}") from None
        return b""
    except (URLError, OSError, ValueError) as error:
        raise UnhealthyError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
