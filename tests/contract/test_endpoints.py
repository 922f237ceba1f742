"""URLs are split as SQLAlchemy and kombu split them, and lead to the servers that the drivers are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from kombu.connection import Connection
from kombu.utils.url import url_to_parts
from psycopg.pq import Conninfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from entrypoint.endpoints import PORTS, endpoints
from entrypoint.url_parts import split_broker_url, split_database_url
from tests.contract.oracle import replaced_environ
from tests.contract.url_strategies import (
    BROKERS,
    LIBPQ,
    LIBPQ_VARIABLES,
    MYSQL,
    OTHER_POSTGRESQL,
    SQLALCHEMY_2,
    urls,
)

pytestmark = pytest.mark.timeout(0)  # --states determines how long it takes

TESTS = 4  # each property is tried in this part of --states


@pytest.fixture
def states(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return the settings with which a property is tried in --states examples."""
    return settings(
        max_examples=max(1, request.config.getoption("states") // TESTS),
        suppress_health_check=list(HealthCheck),
    )


def try_states(
    states: Callable[..., Any], strategy: st.SearchStrategy[str], check: Callable[[str], None]
) -> None:
    """Call `check` with as many values of `strategy` as --states says."""
    states(given(strategy)(check))()


def test_database_url_is_split_like_sqlalchemys(states: Callable[..., Any]) -> None:
    @example("postgresql+psycopg2://u:p@/x?host=/cloudsql/p:r:i")
    def check(url: str) -> None:
        try:
            expected = make_url(url)
        except ValueError:  # a port that is no number
            assume(False)
        parts = split_database_url(url)
        assert (parts.user, parts.password) == (expected.username or "", expected.password or "")
        assert (parts.host, parts.port) == (expected.host or "", text_of(expected.port))
        assert parts.path == (expected.database or "")
        pairs = [(name, value) for name, value in expected.normalized_query.items()]
        assert sorted(parts.options) == sorted((name, value) for name, values in pairs for value in values)

    try_states(states, urls((*LIBPQ, *MYSQL)), check)


def test_broker_url_is_split_like_kombus(states: Callable[..., Any]) -> None:
    def check(url: str) -> None:
        assume(";" not in url)  # kombu drops parameters behind the path, and Celery splits there
        try:
            expected = url_to_parts(url)
        except ValueError:
            assume(False)
        parts = split_broker_url(url)
        assert (parts.user, parts.password) == (expected.username or "", expected.password or "")
        assert (parts.host, parts.port) == (expected.hostname or "", text_of(expected.port))
        assert parts.path == (expected.path or "")
        assert dict(parts.options) == expected.query

    try_states(states, urls(BROKERS), check)


def text_of(port: int | None) -> str:
    return "" if port is None else str(port)


def connect_arguments(url: str) -> dict[str, Any]:
    """Return what SQLAlchemy passes to the driver. Skips what SQLAlchemy rejects, or no driver can take."""
    try:
        parsed = make_url(url)
        _, arguments = parsed.get_dialect()().create_connect_args(parsed)
    except (ArgumentError, AssertionError, TypeError, ValueError):
        assume(False)
    in_query = parsed.normalized_query.get("host", ())
    assume(len(in_query) < 2 or all(host.count(":") < 2 for host in in_query))  # SQLAlchemy cuts these
    # SQLAlchemy 1.4 passes one host as it is; `host:1` then fails, and `a,b` takes the port before the query.
    single = in_query[0] if len(in_query) == 1 else ""
    assume(SQLALCHEMY_2 or "/" in single or not (":" in single[1:] or "," in single))
    hosts, ports = (str(arguments.get(name) or "") for name in ("host", "port"))
    assume(all(text.isdecimal() or not text for text in ports.split(",")))
    assume(not isinstance(arguments.get("unix_socket"), tuple))
    assume(parsed.get_backend_name() == "postgresql" or "," not in ports)
    assume(isinstance(arguments.get("hostaddr", ""), str))
    assume("@" not in hosts and isinstance(arguments.get("host", ""), str))
    return dict(arguments)


def libpq_servers(arguments: dict[str, Any], environ: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return libpq's servers, by the rules for `host`, `hostaddr` and `port` of its documentation."""
    with replaced_environ(environ):
        defaults = {
            option.keyword.decode(): (option.val or b"").decode() for option in Conninfo.get_defaults()
        }
    texts = {name: str(arguments.get(name) or defaults[name]) for name in ("host", "hostaddr", "port")}
    hosts, addresses, ports = (text.split(",") for text in texts.values())
    count = len(addresses) if texts["hostaddr"] else len(hosts)
    assume(
        len(hosts) == count or not texts["host"]
    )  # libpq: "could not match N host names to M hostaddr values"
    assume(len(ports) in (1, count))  # "could not match N port numbers to M hosts"
    assume(all(text.strip("0") or not text for text in ports))  # 'invalid port number: "0"'
    servers = [
        (address or host, int(port or 5432))
        for host, address, port in zip(
            hosts if len(hosts) == count else [""] * count,
            addresses if texts["hostaddr"] else [""] * count,
            ports * count if len(ports) == 1 else ports,
            strict=True,
        )
    ]
    return [
        (f"{host}/.s.PGSQL.{port}", 0) if host.startswith(("/", "@")) else (host, port)
        for host, port in servers
        if host
    ]


def mysql_servers(driver: str, arguments: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the server by the rules of the driver."""
    host, path = arguments.get("host") or "localhost", arguments.get("unix_socket")
    if path and (driver != "mysqldb" or host == "localhost"):
        return [(path, 0)]
    return [(host, int(arguments.get("port") or 3306))]


def test_endpoints_are_the_servers_that_libpq_gets(states: Callable[..., Any]) -> None:
    @example("postgresql+psycopg2://u:p@/x?host=/cloudsql/p:r:i")
    def check(url: str) -> None:
        expected = libpq_servers(connect_arguments(url), {})
        assert [(server.host, server.port) for server in endpoints(url, "X")] == expected

    try_states(states, urls(LIBPQ), check)


def test_endpoints_follow_the_variables_of_libpq(states: Callable[..., Any]) -> None:
    @states
    @given(urls(LIBPQ), LIBPQ_VARIABLES)
    @example("postgresql://db:0/x", {"PGPORT": "7"})
    @example("postgresql:///x", {"PGHOST": "e1,e2", "PGPORT": "7,8"})
    def check(url: str, environ: dict[str, str]) -> None:
        expected = libpq_servers(connect_arguments(url), environ)
        assert [(server.host, server.port) for server in endpoints(url, "X", environ)] == expected

    check()


def test_endpoints_are_the_server_that_another_postgresql_driver_gets(states: Callable[..., Any]) -> None:
    """pg8000 and asyncpg take one host; `?host=/folder` is theirs in part only, so the path is not compared."""

    def check(url: str) -> None:
        arguments = connect_arguments(url)
        host = str(arguments.get("host") or "")
        assume(host and "," not in host and ":" not in host and "/" not in host)
        assume("," not in str(arguments.get("port")))
        (server,) = endpoints(url, "X")
        assert (server.host, server.port) == (host, int(arguments.get("port") or 5432))

    try_states(states, urls(OTHER_POSTGRESQL), check)


def test_endpoints_are_the_server_that_a_mysql_driver_gets(states: Callable[..., Any]) -> None:
    @example("mysql+mysqldb://u:p@/x?unix_socket=/cloudsql/p:r:i")
    def check(url: str) -> None:
        arguments = connect_arguments(url)
        expected = mysql_servers(make_url(url).get_dialect().driver, arguments)
        assert [(server.host, server.port) for server in endpoints(url, "X")] == expected

    try_states(states, urls(MYSQL), check)


def test_endpoints_are_the_server_that_kombu_gets(states: Callable[..., Any]) -> None:
    def check(url: str) -> None:
        assume(";" not in url)
        try:
            expected = url_to_parts(url)
        except ValueError:
            assume(False)  # kombu also rejects brackets that do not match
        assume("@" not in (expected.hostname or ""))
        port = expected.port or PORTS[expected.scheme]
        if expected.scheme in ("redis", "amqp") and url.endswith(":0"):
            with suppress(TypeError):  # kombu cannot use a parameter without a name
                assert Connection(url).info()["port"] == port
        assert [(server.host, server.port) for server in endpoints(url, "X")] == [
            (expected.hostname or "localhost", port)
        ]

    try_states(states, urls(BROKERS), check)
