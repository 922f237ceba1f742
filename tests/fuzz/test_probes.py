"""Any bytes as a server's answers: each probe comes to an outcome, without a traceback, and soon."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import strategies as st

from entrypoint.broker_settings import BrokerSettings
from entrypoint.endpoints import PORTS, endpoints
from entrypoint.postgresql_errors import outcome
from entrypoint.probe import probe
from entrypoint.probe_outcomes import LoginRefused, NoProbe, NotReady
from entrypoint.scram import ScramClient
from tests.fuzz.budget import fuzz

OUTCOMES = (LoginRefused, NotReady)
SNIPPETS = st.sampled_from(
    [
        b"N",
        b"S",
        b"E\0\0\0\x16SFATAL\0C57P03\0Mx\0\0",
        b"R\0\0\0\x08\0\0\0\0",
        b"R\0\0\0\x08\0\0\0\x03",
        b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0",
        b"Z\0\0\0\x05I",
        b"\x04\0\0\0\xff\x10\x04#",
        b"+OK\r\n",
        b"-LOADING\r\n",
        b"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n",
        b"*-1\r\n",
        b"\x01\0\0\0\0\x01\xf6\0\x0a\0\x0a",
        b"AMQP\0\0\x09\x01",
    ]
)
ANSWERS = st.lists(SNIPPETS | st.binary(max_size=40), max_size=8)


class Recording:
    """A socket that receives `chunks`, one at a time, and then the end."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds <= 10

    def sendall(self, data: bytes) -> None:
        assert len(data) < 4096

    def recv(self, size: int) -> bytes:
        chunk = self.chunks.pop(0)[:size] if self.chunks else b""
        return chunk or (self.recv(size) if self.chunks else b"")

    def close(self) -> None:
        pass


@fuzz(st.sampled_from(sorted(set(PORTS) - {"rediss", "amqps"})), ANSWERS, st.text(max_size=8))
def test_any_answer_has_an_outcome(scheme: str, answers: list[bytes], password: str) -> None:
    broker = BrokerSettings("X", None)
    broker.master_name = "mymaster"
    (endpoint,) = endpoints(f"{scheme}://u:p@db/name?sslmode=disable", "X")
    endpoint.url.password = password
    with patch("entrypoint.conversation.connect", return_value=Recording(answers)):
        try:
            probe(endpoint, broker)
            reason = ""
        except OUTCOMES as state:
            reason = str(state)
    assert reason.isprintable()


@fuzz(st.binary(max_size=200) | st.lists(st.binary(max_size=20), max_size=8).map(b"\0".join))
def test_any_error_of_postgresql_has_an_outcome(body: bytes) -> None:
    state = outcome(body)
    assert isinstance(state, (*OUTCOMES, NoProbe))
    assert str(state).isprintable()


@fuzz(st.binary(max_size=60), st.binary(max_size=20), st.text("0123456789-+_ ", max_size=9))
def test_any_scram_message_is_answered_or_left(nonce: bytes, salt: bytes, iterations: str) -> None:
    client = ScramClient("password", b"nonce")
    small = iterations if not iterations.isdigit() or int(iterations) < 5000 else "1"
    try:
        final = client.final(b"r=nonce%b,s=%b,i=%b" % (nonce, salt, small.encode()))
    except NoProbe:
        return
    assert final.startswith(b"c=biws,r=nonce")
