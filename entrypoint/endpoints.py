"""From the URL of a database or a broker to the hosts and ports behind it; a password never leaves here."""

from __future__ import annotations

from entrypoint.errors import StartError

PORTS = {"postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379}
PORTS |= {"amqp": 5672, "amqps": 5671, "pyamqp": 5672, "sentinel": 26379}


class Endpoint:
    """One place that answers: a host and a TCP port, or the path of a Unix socket (port 0)."""

    __slots__ = ("host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def endpoints(url: str, where: str) -> list[Endpoint]:
    """Return the places behind `url`, any of which will do; none where it names no server, such as SQLite.

    Takes SQLAlchemy's URLs (several hosts with commas, hosts in the query) and Celery's (several URLs with
    semicolons). Raises StartError, with the password left out, where a port is no port.
    """
    found = []
    for part in url.strip().split(";"):
        scheme, separator, rest = part.partition("://")
        port = PORTS.get(scheme.strip().lower().partition("+")[0])
        if separator and port:
            found += [_endpoint(host, port, where) for host in _hosts(rest, port)]
    return found


def _hosts(rest: str, port: int) -> list[str]:
    """Split what follows `://` into `host`, `host:port` or socket paths."""
    authority = _after_credentials(rest)
    authority, _, query = authority.partition("?")
    hosts = [host for host in authority.split("/", 1)[0].split(",") if host]
    return hosts or _query_hosts(query) or (["localhost"] if port != PORTS["postgresql"] else [])


def _after_credentials(rest: str) -> str:
    """Drop `user:password@`; a password may hold `/`, `?` and `#`, as SQLAlchemy and kombu allow."""
    before_query = rest.partition("?")[0]
    return (
        rest[before_query.rfind("@") + 1 :]
        if "@" in before_query or "@" not in rest
        else rest.rpartition("@")[2]
    )


def _query_hosts(query: str) -> list[str]:
    if not query:
        return []
    from urllib.parse import parse_qs

    options = parse_qs(query)
    hosts = [
        host
        for value in options.get("host", []) + options.get("unix_socket", [])
        for host in value.split(",")
    ]
    ports = options.get("port", [])
    return [
        f"{host}:{ports[0]}" if ports and ":" not in host and host[0] != "/" else host
        for host in hosts
        if host
    ]


def _endpoint(text: str, default: int, where: str) -> Endpoint:
    if text.startswith("/"):
        return Endpoint(f"{text}/.s.PGSQL.{default}" if default == PORTS["postgresql"] else text, 0)
    host, bracket, after = text.rpartition("]")
    if not bracket:
        host, _, port = text.partition(":")
    else:
        host, port = host.lstrip("["), after.lstrip(":")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise StartError(
            f"{where} names a port that is none (its URL is not shown); it must be a number from 1 to 65535"
        )
    return Endpoint(host or "localhost", int(port or default))
