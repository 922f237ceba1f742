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
    for part in _urls(url.strip()):
        kind, driver, rest = _scheme(part)
        if driver == "socket":  # Celery's redis+socket:///path
            found.append(Endpoint(rest.partition("?")[0], 0))
        elif kind in PORTS:
            found += [_endpoint(host, PORTS[kind], where) for host in _hosts(rest, PORTS[kind])]
    return found


def _scheme(url: str) -> tuple[str, str, str]:
    """Return kind and driver of `kind+driver://rest`, and the rest; nothing of what is no URL."""
    scheme, separator, rest = url.partition("://")
    kind, _, driver = scheme.strip().lower().partition("+")
    return (kind, driver, rest) if separator else ("", "", "")


def _urls(text: str) -> list[str]:
    """Split Celery's list of URLs; a semicolon that no `amqp://` or the like follows belongs to a password."""
    urls: list[str] = []
    for part in text.split(";"):
        if urls and _scheme(part)[0] not in PORTS:
            urls[-1] += ";" + part
        else:
            urls.append(part)
    return urls


def _hosts(rest: str, port: int) -> list[str]:
    """Split what follows `://` into `host`, `host:port`, or socket folders and paths."""
    authority, _, query = _after_credentials(rest).partition("?")
    hosts = [host for host in authority.split("/", 1)[0].split(",") if host]
    return _query_hosts(query) or hosts or (["localhost"] if port != PORTS["postgresql"] else [])


def _after_credentials(rest: str) -> str:
    """Drop `user:password@`, as SQLAlchemy does (`_parse_url`): a password may hold `/`, `?` and `#`.

    Without a password before it, an `@` in the path or the query belongs there: what follows it may be secret.
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
    return [f"{host}:{port}" if port else host for host, port in zip(hosts, ports) if host]  # noqa: B905


def _endpoint(text: str, default: int, where: str) -> Endpoint:
    text = text.rpartition("@")[2]  # what is left of a password that no URL can hold is no part of a host
    if text.startswith("/"):
        folder, _, port = text.partition(":")
        return Endpoint(
            f"{folder}/.s.PGSQL.{port or default}" if default == PORTS["postgresql"] else folder, 0
        )
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
