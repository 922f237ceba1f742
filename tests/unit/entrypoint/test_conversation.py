"""How much a server may answer in one conversation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from entrypoint.conversation import MAX_ANSWER, Conversation
from entrypoint.endpoints import endpoints
from entrypoint.probe_outcomes import NoProbe
from testing.fake_server import fake_server, greeting


def read_twice(conversation: Conversation) -> bytes:
    return conversation.read(7) + conversation.read(MAX_ANSWER - 7)


def read_twice_too_much(conversation: Conversation) -> bytes:
    return conversation.read(7) + conversation.read(MAX_ANSWER - 6)


def talk(data: bytes, read: Callable[[Conversation], bytes]) -> bytes:
    """Return what `read` returns in a conversation with a server that sends `data`."""
    with fake_server(greeting(data)) as port:
        (endpoint,) = endpoints(f"redis://127.0.0.1:{port}/0", "X")
        with Conversation(endpoint, answer_timeout=300) as conversation:
            return read(conversation)


@pytest.mark.parametrize("read", [lambda conversation: conversation.read(MAX_ANSWER), read_twice])
def test_answer_may_be_exactly_as_long_as_the_limit(read: Callable[[Conversation], bytes]) -> None:
    assert talk(b"x" * (MAX_ANSWER + 1), read) == b"x" * MAX_ANSWER


@pytest.mark.parametrize(
    "read", [lambda conversation: conversation.read(MAX_ANSWER + 1), read_twice_too_much]
)
def test_longer_answer_is_not_read(read: Callable[[Conversation], bytes]) -> None:
    with pytest.raises(NoProbe, match="too long"):
        talk(b"x" * (MAX_ANSWER + 1), read)


def test_line_may_be_exactly_as_long_as_the_limit() -> None:
    line = b"x" * (MAX_ANSWER - 2)
    assert talk(line + b"\r\n", Conversation.read_line) == line


def test_longer_line_is_not_read() -> None:
    with pytest.raises(NoProbe, match="too long"):
        talk(b"x" * (MAX_ANSWER - 1) + b"\r\n", Conversation.read_line)
