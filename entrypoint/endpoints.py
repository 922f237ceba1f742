"""Extracts hosts and ports from the URL of a database or a broker, and never a part of its password."""

from __future__ import annotations

from entrypoint.errors import StartError

PORTS = {"postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379}
PORTS |= {"amqp": 5672, "amqps": 5671, "pyamqp": 5672, "sentinel": 26379}

POSTGRESQL = ("postgres", "postgresql")


class Endpoint:
    """The address of a server: a host and a TCP port, or the path of a Unix socket (port 0)."""

    __slots__ = ("host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def endpoints(url: str, location: str) -> list[Endpoint]:
    """Return the servers in `url`, one of which is enough; an empty list for a URL without a server, such as SQLite's.

    Accepts SQLAlchemy's URLs (hosts separated by commas, hosts in the query) and Celery's (URLs separated by
    semicolons). Raises StartError for an invalid port; the error names `location`, not the URL.
    """
    servers = []
    for part in _urls(url.strip()):
        kind, driver, rest = _scheme(part)
        if driver == "socket":  # Celery's redis+socket:///path
            servers.append(Endpoint(rest.partition("?")[0], 0))
        elif kind in PORTS:
            servers += [_endpoint(host, kind, location) for host in _hosts(rest, kind)]
    return servers


def _scheme(url: str) -> tuple[str, str, str]:
    """Split `kind+driver://rest` into kind, driver and rest; three empty strings if `url` is not a URL."""
    scheme, separator, rest = url.partition("://")
    kind, _, driver = scheme.strip().lower().partition("+")
    return (kind, driver, rest) if separator else ("", "", "")


def _urls(text: str) -> list[str]:
    """Split Celery's list of URLs. A semicolon belongs to a password unless `amqp://` or the like follows it."""
    urls: list[str] = []
    for part in text.split(";"):
        if urls and _scheme(part)[0] not in PORTS:
            urls[-1] += ";" + part
        else:
            urls.append(part)
    return urls


def _hosts(rest: str, kind: str) -> list[str]:
    """Split what follows `://` into `host` or `host:port` entries, or socket folders and paths."""
    authority, _, query = _after_credentials(rest).partition("?")
    hosts = [host for host in authority.split("/", 1)[0].split(",") if host]
    return _query_hosts(query) or hosts or ([] if kind in POSTGRESQL else ["localhost"])


def _after_credentials(rest: str) -> str:
    """Drop `user:password@` as SQLAlchemy does (`_parse_url`): a password may contain `/`, `?` and `#`.

    Without a password before it, an `@` in the path or the query belongs there, and a secret may follow it.
    """
    user, colon, after = rest.partition(":")
    if not colon or "/" in user or "@" not in after:
        authority = rest.partition("/")[0].partition("?")[0]
        return authority.rpartition("@")[2] + rest[len(authority) :]
    head = after.partition("?")[0]
    return head.rpartition("@")[2] + after[len(head) :] if "@" in head else after.partition("@")[2]


def _query_hosts(query: str) -> list[str]:
    """Return the hosts in `?host=a,b&port=1,2` and `?host=a:1&host=b:2`, and `?unix_socket=`."""
    if "host=" not in query and "unix_socket=" not in query:
        return []
    from urllib.parse import parse_qs

    options = parse_qs(query)
    hosts = ",".join(options.get("host", []) + options.get("unix_socket", [])).split(",")
    ports = ",".join(options.get("port", [])).split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    return [f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=True) if host]


def _endpoint(text: str, kind: str, location: str) -> Endpoint:
    text = text.rpartition("@")[2]  # drop the rest of a password that is not escaped
    if text.startswith("/"):
        folder, _, port = text.partition(":")
        return Endpoint(f"{folder}/.s.PGSQL.{port or PORTS[kind]}" if kind in POSTGRESQL else folder, 0)
    host, bracket, after = text.rpartition("]")
    if not bracket:
        host, _, port = text.partition(":")
    else:
        host, port = host.lstrip("["), after.lstrip(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise StartError(f"{location} contains an invalid port (URL hidden); it must be 1–65535")
    return Endpoint(host or "localhost", int(port or PORTS[kind]))
