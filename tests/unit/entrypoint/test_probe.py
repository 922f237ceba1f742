"""Each protocol's answers: what counts as ready, as a state to wait for, and as a login that is refused."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from entrypoint.broker_settings import BrokerSettings
from entrypoint.endpoints import PORTS, endpoints
from entrypoint.probe import PROBES, probe
from entrypoint.probe_outcomes import LoginRefused, NotReady
from testing.fake_server import Script, answering, endless, fake_server, greeting, silent

READY, WAITS, REFUSED = "ready", "waits", "refused"
PASSWORD = "s3cr3t"


@pytest.fixture(autouse=True)
def _patience(mocker: MockerFixture) -> None:
    """Wait long for the answers, which a busy machine delays."""
    mocker.patch("entrypoint.conversation.Conversation.__init__.__defaults__", (300.0,))
    mocker.patch("entrypoint.conversation.CONNECT_TIMEOUT", 300.0)


def outcome(scheme: str, script: Script, query: str = "", master: str = "") -> tuple[str, str]:
    """Return the outcome of a probe against a server that runs `script`, and its reason."""
    broker = BrokerSettings("X", None)
    broker.master_name = master
    with fake_server(script) as port:
        (endpoint,) = endpoints(f"{scheme}://user:{PASSWORD}@127.0.0.1:{port}/name{query}", "X")
        try:
            probe(endpoint, broker)
        except (NotReady, OSError) as state:
            return WAITS, str(state)
        except LoginRefused as refusal:
            return REFUSED, str(refusal)
    return READY, ""


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def error(code: str, text: str = PASSWORD) -> bytes:
    return message(b"E", f"SFATAL\0C{code}\0M{text}\0\0".encode())


LOGGED_IN = message(b"R", bytes(4)) + message(b"S", b"in_hot_standby\0on\0") + message(b"Z", b"I")
ROW = message(b"T", bytes(2)) + message(b"D", bytes(2)) + message(b"C", b"SELECT 1\0") + message(b"Z", b"I")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([b"N", LOGGED_IN, ROW], READY),
        ([b"N", LOGGED_IN, error("08P01", "server login has been failing, try again later")], WAITS),
        ([b"N", LOGGED_IN], WAITS),
        ([b"N", error("57P03")], WAITS),
        ([b"N", error("57P01")], WAITS),
        ([b"N", error("57P02")], WAITS),
        ([b"N", error("53300")], WAITS),
        ([b"N", error("08006")], WAITS),
        ([error("57P03")], WAITS),
        ([b"N", error("08P01", "client_login_timeout (server down)")], WAITS),
        ([b"N", error("08P01", "query_wait_timeout")], WAITS),
        ([b"N", error("08P01", "no such database: name")], REFUSED),
        ([b"N", error("08P01", "SASL authentication failed")], REFUSED),
        ([b"N", error("28P01")], REFUSED),
        ([b"N", error("28000")], REFUSED),
        ([b"N", error("3D000")], REFUSED),
        ([b"N", message(b"R", b"\0\0\0\x03"), error("28P01")], REFUSED),
        ([b"N", message(b"R", b"\0\0\0\x03"), LOGGED_IN, ROW], READY),
        ([b"N", message(b"R", b"\0\0\0\x05salt"), LOGGED_IN, ROW], READY),
        ([b"N", message(b"R", b"\0\0\0\x07")], READY),  # GSS
        ([b"N", message(b"R", b"\0\0\0\x0aSCRAM-SHA-512\0\0")], READY),
        (
            [
                b"N",
                message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
                message(b"R", b"\0\0\0\x0br=other,s=AA==,i=1"),
            ],
            READY,
        ),
        ([b"N", message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"), error("57P03")], WAITS),
        ([b"N", b"Ecould not fork new process for connection: " + b"x" * 20 + b"\n\0"], WAITS),
        ([b"N", message(b"E", b"no fields")], READY),
        ([b"N", b""], WAITS),
        ([b"N", LOGGED_IN[:7]], WAITS),
        ([b""], WAITS),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], READY),
        ([b"N", b"R\0\0\0\x01"], READY),
        ([b"N", message(b"N", bytes(40_000)) * 3], READY),
    ],
)
def test_postgresql_answers(answers: list[bytes], expected: str) -> None:
    result, reason = outcome("postgresql", answering(*answers))
    assert result == expected, reason
    assert PASSWORD not in reason


@pytest.mark.parametrize(("query", "expected"), [("", READY), ("&target_session_attrs=read-write", WAITS)])
def test_standby_is_no_primary(query: str, expected: str) -> None:
    assert outcome("postgresql", answering(LOGGED_IN, ROW), f"?sslmode=disable{query}")[0] == expected


def test_postgresql_without_required_tls_is_not_awaited() -> None:
    assert outcome("postgresql", answering(b"N"), "?sslmode=require") == (
        REFUSED,
        "it has no TLS, and sslmode requires it",
    )


def test_tls_that_fails_counts_as_reachable_and_one_that_hangs_up_as_not_ready() -> None:
    assert outcome("postgresql", answering(b"S", b"no TLS at all"))[0] == READY
    assert outcome("postgresql", answering(b"S"))[0] == WAITS


def packet(payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + b"\0" + payload


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (packet(b"\x0a8.0.36\0" + bytes(60)), READY),
        (packet(b"\xff\x10\x04Too many connections"), WAITS),  # 1040
        (packet(b"\xff\x1d\x04Server shutdown in progress"), WAITS),  # 1053
        (packet(b"\xff\x69\x04Host is blocked"), WAITS),  # 1129
        (packet(b"\xff\x6a\x04Host is not allowed"), REFUSED),  # 1130
        (packet(b"\xff\x15\x04Access denied"), REFUSED),  # 1045
        (packet(b"\xff\x29\x23Max connect timeout reached"), WAITS),  # ProxySQL's 9001
        (packet(b"\xff\xff\xffan unknown error"), WAITS),
        (packet(b"\x00OK"), READY),
        (packet(b""), READY),
        (b"SSH-2.0-OpenSSH_9.2\r\n", READY),
        (b"\x50", WAITS),
        (b"", WAITS),
    ],
)
def test_mysql_answers(data: bytes, expected: str) -> None:
    def script(connection: object) -> None:
        connection.sendall(data)  # type: ignore[attr-defined]

    assert outcome("mysql+pymysql", script)[0] == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([b"+OK\r\n", b"+PONG\r\n"], READY),
        ([b"+OK\r\n", b"-LOADING Redis is loading the dataset in memory\r\n"], WAITS),
        ([b"+OK\r\n", b"-MASTERDOWN Link with MASTER is down\r\n"], WAITS),
        ([b"+OK\r\n", b"-BUSY Redis is busy running a script.\r\n"], WAITS),
        ([b"-ERR max number of clients reached\r\n"], WAITS),
        ([b"-WRONGPASS invalid username-password pair\r\n"], REFUSED),
        ([b"-ERR AUTH <password> called without any password configured\r\n"], REFUSED),
        ([b"+OK\r\n", b"-NOAUTH Authentication required.\r\n"], REFUSED),
        ([b"+OK\r\n", b"-NOPERM this user has no permissions\r\n"], READY),
        ([b"-DENIED Redis is running in protected mode\r\n"], REFUSED),
        ([b"-\x1b[31mred\r\n"], WAITS),
        ([b"-no healthy upstream\r\n"], WAITS),  # Envoy
        ([b"-upstream failure\r\n"], WAITS),
        ([b"+OK\r\n", b"-no healthy upstream\r\n"], WAITS),
        ([b"+OK\r\n", b"-ERR Connection refused\r\n"], WAITS),  # twemproxy
        ([b"-ERR Connection timed out\r\n"], WAITS),
        ([b"+OK\r\n", b"-MISCONF Redis is configured to save RDB snapshots\r\n"], WAITS),
        ([b"-ERR invalid password\r\n"], REFUSED),  # Redis 5
        ([b"-ERR Client sent AUTH, but no password is set\r\n"], REFUSED),
        ([b"-ERR wrong number of arguments for 'auth' command\r\n"], REFUSED),
        ([b"+OK\r\n", b"-ERR unknown command 'PING'\r\n"], REFUSED),
        ([b"+OK\r\n", b"-ERR operation not permitted\r\n"], REFUSED),
        ([b"HTTP/1.1 400 Bad Request\r\n"], READY),
        ([b"+OK\r\n", b"+PO"], WAITS),
        ([b"+OK\r\n", b""], WAITS),
        ([b"+" + b"x" * 70_000], READY),
    ],
)
def test_redis_answers(answers: list[bytes], expected: str) -> None:
    result, reason = outcome("redis", answering(*answers))
    assert result == expected, reason
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"*-1\r\n", WAITS),
        (b"_\r\n", WAITS),
        (b"-NOAUTH Authentication required.\r\n", REFUSED),
        (b"*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n", WAITS),  # nothing listens on port 1
        (b"*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n", READY),
        (b"*2\r\n$9999999\r\n", READY),
        (b"*3\r\n", READY),
        (b"*2\r\n$9\r\n127.0", WAITS),
        (b"*2\r\n$4\r\n\xff\x00a.\r\n$1\r\n1\r\n", WAITS),
    ],
)
def test_sentinel_answers(answer: bytes, expected: str) -> None:
    result, reason = outcome("sentinel", answering(answer), master="mymaster")
    assert result == expected, reason


def test_master_that_sentinel_names_is_probed() -> None:
    for answer, expected in ((b"+PONG\r\n", READY), (b"-LOADING\r\n", WAITS), (b"-NOAUTH\r\n", REFUSED)):
        with fake_server(answering(b"+OK\r\n", answer)) as port:
            address = b"*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%d\r\n" % (len(str(port)), port)
            assert outcome("sentinel", answering(address), master="mymaster")[0] == expected


START = b"\x01\0\0\0\0\x01\xf6\0\x0a\0\x0a\0\x09"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (START, READY),
        (START[:9], WAITS),
        (b"", WAITS),
        (b"AMQP\0\1\0\0", READY),  # AMQP 1.0
        (b"\x01\0\0\0\0\x01\xf6\0\x0a\0\x32", READY),
        (b"HTTP/1.1 400 Bad Request\r\n", READY),
    ],
)
@pytest.mark.parametrize("scheme", ["amqp", "pyamqp"])
def test_amqp_answers(scheme: str, answer: bytes, expected: str) -> None:
    assert outcome(scheme, answering(answer))[0] == expected


@pytest.mark.parametrize("scheme", PORTS)
def test_silent_server_is_awaited(scheme: str, mocker: MockerFixture) -> None:
    mocker.patch("entrypoint.conversation.Conversation.__init__.__defaults__", (0.2,))
    result, reason = outcome(scheme, silent, master="mymaster")
    assert (result, reason) == (WAITS, "it accepts the connection, but does not answer")


@pytest.mark.parametrize("scheme", PORTS)
def test_endless_answer_is_cut(scheme: str) -> None:
    assert outcome(scheme, endless, master="mymaster")[0] in (READY, WAITS)


def test_every_scheme_has_a_probe() -> None:
    assert set(PROBES) == set(PORTS)


def test_greeting_before_any_question_is_read() -> None:
    assert outcome("mysql", greeting(packet(b"\x0a5.5.5-10.11\0" + bytes(60)))) == (READY, "")
