"""SCRAM-SHA-256, the client's side (RFC 5802, RFC 7677), without channel binding."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os

from entrypoint.probe_outcomes import NoProbe

MECHANISM = b"SCRAM-SHA-256"
MAX_ITERATIONS = 1_000_000  # about half a second; PostgreSQL's default is 4096
HEADER = b"n,,"


class ScramClient:
    """One authentication: `first` is what the client says first, `final` answers the server's first message."""

    def __init__(self, password: str, nonce: bytes | None = None) -> None:
        self._password = prepare(password)
        self._nonce = nonce or binascii.b2a_base64(os.urandom(18), newline=False)
        self._bare = b"n=,r=" + self._nonce  # PostgreSQL takes the user from the start of the session

    @property
    def first(self) -> bytes:
        """The client's first message."""
        return HEADER + self._bare

    def final(self, server_first: bytes) -> bytes:
        """Return the proof. Raises NoProbe for a message that is not SCRAM's, or asks for too much work."""
        nonce, salt, iterations = self._parse(server_first)
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = b"c=" + binascii.b2a_base64(HEADER, newline=False) + b",r=" + nonce
        signed = b",".join((self._bare, server_first, without_proof))
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return without_proof + b",p=" + binascii.b2a_base64(proof, newline=False)

    def _parse(self, server_first: bytes) -> tuple[bytes, bytes, int]:
        fields = dict(field.partition(b"=")[::2] for field in server_first.split(b","))
        nonce, digits = fields.get(b"r", b""), fields.get(b"i", b"")
        try:
            salt = binascii.a2b_base64(fields.get(b"s", b""))
        except ValueError:
            raise NoProbe("not SCRAM") from None
        if not (nonce.startswith(self._nonce) and salt and digits.isdigit() and len(digits) < 9):
            raise NoProbe("not SCRAM")
        if not 0 < int(digits) <= MAX_ITERATIONS:
            raise NoProbe("too many iterations")
        return nonce, salt, int(digits)


def prepare(password: str) -> bytes:
    """Normalise a password as SASLprep does for the characters that passwords are made of."""
    if not password.isascii():
        import unicodedata

        password = unicodedata.normalize("NFKC", password)
    return password.encode(errors="surrogateescape")
