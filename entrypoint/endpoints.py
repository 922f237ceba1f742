"""Extracts the servers from the URL of a database or a broker, and never shows a part of its password."""

from __future__ import annotations

from entrypoint.errors import StartError
from entrypoint.url_parts import UrlParts, split_broker_url, split_database_url, split_scheme

POSTGRESQL = ("postgres", "postgresql")
MYSQL = ("mysql", "mariadb")
PORTS = dict.fromkeys(POSTGRESQL, 5432) | dict.fromkeys(MYSQL, 3306)
PORTS |= {"redis": 6379, "rediss": 6379, "sentinel": 26379, "amqp": 5672, "amqps": 5671, "pyamqp": 5672}

# The drivers that, like MySQL's own client, use a socket for the host "localhost" only.
MYSQL_CLIENTS = ("", "mysqldb", "mariadbconnector")
HIDDEN = (
    "an address that is not shown, because the URL has an @ behind it (@, / and ? must be percent-encoded)"
)


class Endpoint:
    """The address of a server: a host and a TCP port, or the path of a Unix socket (port 0); and the URL it is from.

    The path of a socket in Linux's abstract namespace begins with `@`.
    """

    __slots__ = ("host", "port", "url")

    def __init__(self, host: str, port: int, url: UrlParts) -> None:
        self.host = host
        self.port = port
        self.url = url

    def __str__(self) -> str:
        if self.url.ambiguous:
            return HIDDEN
        return f"{self.host}:{self.port}" if self.port else self.host


def endpoints(url: str, location: str) -> list[Endpoint]:
    """Return the servers in `url`, one of which is enough; an empty list for a URL without a server, such as SQLite's.

    Accepts SQLAlchemy's URLs (hosts separated by commas, hosts in the query) and Celery's (URLs separated by
    semicolons). Raises StartError for an invalid port; the error names `location`, not the URL.
    """
    servers = []
    for part in _urls(url.strip()):
        kind = split_scheme(part)[0]
        if kind in POSTGRESQL:
            servers += _postgresql(split_database_url(part), location)
        elif kind in MYSQL:
            servers += _mysql(split_database_url(part), location)
        elif kind in PORTS:
            servers += _broker(part, location)
    return servers


def _urls(text: str) -> list[str]:
    """Split Celery's list of URLs. A semicolon belongs to a password unless `amqp://` or the like follows it."""
    urls: list[str] = []
    for part in text.split(";"):
        if urls and split_scheme(part)[0] not in PORTS:
            urls[-1] += ";" + part
        else:
            urls.append(part)
    return urls


def _postgresql(url: UrlParts, location: str) -> list[Endpoint]:
    """Return libpq's servers. Without a host libpq uses a socket whose path only libpq knows."""
    hosts, ports = _postgresql_hosts(url)
    if len(ports) != len(hosts):
        ports = (ports or [""])[:1] * len(hosts)
    servers = []
    for host, text in zip(hosts, ports, strict=True):
        port = _port(text, url, location)
        if host[:1] in ("/", "@"):
            servers.append(Endpoint(f"{host}/.s.PGSQL.{port}", 0, url))
        elif host:
            servers.append(_tcp(host, port, url))
    return servers


def _postgresql_hosts(url: UrlParts) -> tuple[list[str], list[str]]:
    """Return hosts and ports as SQLAlchemy passes them on: `?host=a&host=b:1`, `?host=a,b&port=1,2`, `//a,b:1`."""
    hosts = [value for name, value in url.options if name == "host"]
    ports = [value for name, value in url.options if name == "port"]
    if len(hosts) > 1 or (hosts and not ports and _is_host_and_port(hosts[0])):
        pairs = [host.partition(":") for host in hosts]
        given = [port for _, _, port in pairs]
        return [host for host, _, _ in pairs], given if any(given) or len(given) > 1 else [url.port]
    if not hosts and "," in url.port:
        pairs = [entry.partition(":") for entry in f"{url.host}:{url.port}".split(",")]
        return [host for host, _, _ in pairs], [port for _, _, port in pairs]
    names = (hosts[0] if hosts else url.host).split(",")
    numbers = ports[0].split(",") if len(ports) == 1 else ports
    # SQLAlchemy 2 passes the port before the query on to one host in the query, and not to several.
    return names, numbers or [url.port if len(names) == 1 or not hosts else ""]


def _is_host_and_port(text: str) -> bool:
    """Whether SQLAlchemy takes the text for `host:port`, and not for a path or an IPv6 address."""
    host, colon, port = text.partition(":")
    letters = host.replace(".", "").replace("-", "")
    return bool(colon) and text.isascii() and letters.isalnum() and (port.isdecimal() or not port)


def _mysql(url: UrlParts, location: str) -> list[Endpoint]:
    host = url.option("host") or url.host
    path = url.option("unix_socket")
    if path and (url.driver not in MYSQL_CLIENTS or host in ("", "localhost")):
        return [Endpoint(path, 0, url)]
    return [_tcp(host, _port(url.option("port") or url.port, url, location), url)]


def _broker(text: str, location: str) -> list[Endpoint]:
    """Return the server of one of kombu's URLs, among them `redis+socket://user:password@/path`."""
    url = split_broker_url(text)
    if url.driver == "socket":
        return [Endpoint(f"/{url.path}", 0, url)]
    if url.driver:  # the rest is another transport's, such as confluentkafka+…
        return []
    return [_tcp(url.host, _port(url.port, url, location), url)]


def _tcp(host: str, port: int, url: UrlParts) -> Endpoint:
    """Return a TCP endpoint. What stands before an `@` in a host is a password's, and goes to no name server."""
    return Endpoint(host.rpartition("@")[2] or "localhost", port, url)


def _port(text: str, url: UrlParts, location: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise StartError(f"{location} contains an invalid port (URL hidden); it must be 1–65535")
    return int(text or PORTS[url.kind])
