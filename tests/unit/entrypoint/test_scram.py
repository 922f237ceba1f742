"""SCRAM's messages, and their limits; real servers accept them (integration/start/test_wait_for_database_login.py)."""

from __future__ import annotations

import pytest

from entrypoint.probe_outcomes import NoProbe
from entrypoint.scram import MAX_ITERATIONS, ScramClient, prepare

SALT = b"W22ZaJ0SNY7soEsUEjb6gQ=="


def test_messages_are_those_of_rfc_7677() -> None:
    """The RFC's example, with the user that PostgreSQL leaves out put into the message again."""
    client = ScramClient("pencil", b"rOprNGfwEbeRWgbNEkqO")
    assert client.first == b"n,,n=,r=rOprNGfwEbeRWgbNEkqO"
    client._bare = b"n=user,r=rOprNGfwEbeRWgbNEkqO"
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    assert client.final(b"r=" + nonce + b",s=" + SALT + b",i=4096") == (
        b"c=biws,r=" + nonce + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"r=other,s=AAAA,i=1",
        b"r=nonce1,s=,i=1",
        b"r=nonce1,s=A,i=1",
        b"r=nonce1,s=AAAA,i=0",
        b"r=nonce1,s=AAAA,i=-1",
        b"r=nonce1,s=AAAA,i=%d" % (MAX_ITERATIONS + 1),
        b"r=nonce1,s=AAAA,i=" + b"9" * 5000,
    ],
)
def test_other_messages_are_left(message: bytes) -> None:
    with pytest.raises(NoProbe):
        ScramClient("password", b"nonce").final(message)


def test_password_is_normalised() -> None:
    assert prepare("pässword") == "pässword".encode()
    assert prepare("pa\u0308ss") == "päss".encode()
    assert prepare("\udcff") == b"\xff"
