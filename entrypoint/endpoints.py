"""Extracts the servers from the URL of a database or a broker, and never shows a part of its password."""

from __future__ import annotations

from entrypoint import libpq
from entrypoint.errors import StartError
from entrypoint.url_parts import UrlParts, split_broker_url, split_database_url, split_scheme

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

POSTGRESQL = ("postgres", "postgresql")
MYSQL = ("mysql", "mariadb")
PORTS = dict.fromkeys(POSTGRESQL, 5432) | dict.fromkeys(MYSQL, 3306)
PORTS |= {"redis": 6379, "rediss": 6379, "sentinel": 26379, "amqp": 5672, "amqps": 5671, "pyamqp": 5672}

# The drivers that, like MySQL's own client, use a socket for the host "localhost" only.
MYSQL_CLIENTS = ("", "mysqldb", "mariadbconnector")
# Options that name a file, or a part of one, which may hold the address.
MYSQL_FILE_OPTIONS = (
    *("read_default_file", "read_default_group"),  # MySQLdb, PyMySQL, aiomysql
    *("option_files", "option_groups"),  # MySQL Connector
    *("default_file", "default_group"),  # MariaDB Connector
)
HIDDEN = (
    "an address that is not shown, because the URL has an @ behind it (@, / and ? must be percent-encoded)"
)


class Endpoint:
    """The address of a server: a host and a TCP port, or the path of a Unix socket (port 0); and the URL it is from.

    The path of a socket in Linux's abstract namespace begins with `@`. `name` is what a certificate must be for.
    """

    __slots__ = ("host", "name", "port", "url")

    def __init__(self, host: str, port: int, url: UrlParts, name: str = "") -> None:
        self.host = host
        self.port = port
        self.url = url
        self.name = name or host

    def __str__(self) -> str:
        if self.url.ambiguous:
            return HIDDEN
        return f"{self.host}:{self.port}" if self.port else self.host


def endpoints(url: str, location: str, environ: Mapping[str, str] | None = None) -> list[Endpoint]:
    """Return the servers in `url`, one of which is enough; an empty list for a URL without a server, such as SQLite's.

    Accepts SQLAlchemy's URLs (hosts separated by commas, hosts in the query) and Celery's (URLs separated by
    semicolons). `environ` may hold libpq's variables. The list is empty, too, if `address_file` is not.
    Raises StartError for an invalid port; the error names `location`, not the URL.
    """
    if address_file(url, environ):
        return []
    servers = []
    for part in _urls(url.strip()):
        kind = split_scheme(part)[0]
        if kind in POSTGRESQL:
            servers += _postgresql(_postgresql_url(part, environ), location, environ or {})
        elif kind in MYSQL:
            servers += _mysql(split_database_url(part), location)
        elif kind in PORTS:
            servers += _broker(part, location)
    return servers


def address_file(url: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the option or variable by which only the driver finds the address, in a file; or an empty text."""
    kind = split_scheme(url.strip())[0]
    if kind not in POSTGRESQL + MYSQL:
        return ""
    parts = split_database_url(url.strip())
    names = ("service",) if kind in POSTGRESQL else MYSQL_FILE_OPTIONS
    option = next((name for name, _ in parts.options if name in names), "")
    is_libpq = kind in POSTGRESQL and parts.driver in libpq.DRIVERS
    return option or (libpq.SERVICE if is_libpq and (environ or {}).get(libpq.SERVICE) else "")


def _postgresql_url(text: str, environ: Mapping[str, str] | None) -> UrlParts:
    url = split_database_url(text)
    libpq.add_defaults(url, environ or {})
    return url


def _urls(text: str) -> list[str]:
    """Split Celery's list of URLs. A semicolon belongs to a password unless `amqp://` or the like follows it."""
    urls: list[str] = []
    for part in text.split(";"):
        if urls and split_scheme(part)[0] not in PORTS:
            urls[-1] += ";" + part
        else:
            urls.append(part)
    return urls


def _without_rest(text: str) -> str:
    """Return a broker's URL without what follows a semicolon behind its login, such as the last one of a list.

    kombu goes on with the URL before it.
    """
    login, at, address = text.rpartition("@")
    return login + at + address.partition(";")[0]


def _postgresql(url: UrlParts, location: str, environ: Mapping[str, str]) -> list[Endpoint]:
    """Return libpq's servers. Without a host libpq uses a socket whose path only libpq knows."""
    names, ports = _postgresql_hosts(url)
    addresses: list[str] = []
    if url.driver in libpq.DRIVERS:
        names, ports = libpq.hosts_and_ports(names, ports, environ)
        addresses = url.option("hostaddr").split(",") if url.option("hostaddr") else []
    count = len(addresses or names)
    servers = []
    for name, address, text in zip(
        *(_fitted(values, count) for values in (names, addresses, ports)), strict=True
    ):
        host, port = address or name, _port(text, url, location)
        if host[:1] in ("/", "@"):
            servers.append(Endpoint(f"{host}/.s.PGSQL.{port}", 0, url))
        elif host:
            servers.append(_tcp(host, port, url, name))
    return servers


def _fitted(values: list[str], count: int) -> list[str]:
    """Return a list of `count` values, of which libpq takes one for all, or none."""
    return values if len(values) == count else (values or [""])[:1] * count


def _postgresql_hosts(url: UrlParts) -> tuple[list[str], list[str]]:
    """Return hosts and ports as SQLAlchemy passes them on: `?host=a&host=b:1`, `?host=a,b&port=1,2`, `//a,b:1`."""
    hosts = [value for name, value in url.options if name == "host"]
    ports = [value for name, value in url.options if name == "port"]
    port_before = _nonzero(url.port)
    if len(hosts) > 1 or (hosts and not ports and _is_host_and_port(hosts[0])):
        pairs = [host.partition(":") for host in hosts]
        given = [_nonzero(port) for _, _, port in pairs]
        return [host for host, _, _ in pairs], given if any(given) or len(given) > 1 else [port_before]
    if not hosts and "," in url.port:
        pairs = [entry.partition(":") for entry in f"{url.host}:{url.port}".split(",")]
        return [host for host, _, _ in pairs], [port for _, _, port in pairs]
    names = (hosts[0] if hosts else url.host).split(",")
    numbers = ports[0].split(",") if len(ports) == 1 else ports
    # SQLAlchemy 2 passes the port before the query on to one host in the query, and several empty ones to several.
    return names, numbers or ([port_before] if len(names) == 1 or not hosts else [""] * len(names))


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
    url = split_broker_url(_without_rest(text))
    if url.driver == "socket":
        return [Endpoint(f"/{url.path}", 0, url)]
    if url.driver:  # the rest is another transport's, such as confluentkafka+…
        return []
    return [_tcp(url.host, _port(url.port, url, location), url)]


def _tcp(host: str, port: int, url: UrlParts, name: str = "") -> Endpoint:
    """Return a TCP endpoint. What stands before an `@` in a host is a password's, and goes to no name server."""
    return Endpoint(host.rpartition("@")[2] or "localhost", port, url, name)


def _nonzero(port: str) -> str:
    """Return a port, or an empty text for 0, which SQLAlchemy and kombu take for "not set"."""
    return port if port.strip("0") else ""


def _port(text: str, url: UrlParts, location: str) -> int:
    text = _nonzero(text)
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < 65536):
        raise StartError(f"{location} contains an invalid port (URL hidden); it must be 1–65535")
    return int(text or PORTS[url.kind])
