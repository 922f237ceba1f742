"""The signature algorithms that count, and the kind of key that each works with."""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa


class KeyKind(NamedTuple):
    """What a key of a key set is: its type (`kty`) and its curve, empty for RSA."""

    type: str
    curve: str = ""


PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey

RSA = frozenset({KeyKind("RSA")})
# Nothing with a shared secret: whoever can verify such a signature can forge it.
KINDS: dict[str, frozenset[KeyKind]] = {
    **{f"{family}{bits}": RSA for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": frozenset({KeyKind("EC", "P-256")}),
    "ES384": frozenset({KeyKind("EC", "P-384")}),
    "ES512": frozenset({KeyKind("EC", "P-521")}),
    "EdDSA": frozenset({KeyKind("OKP", "Ed25519"), KeyKind("OKP", "Ed448")}),
}
ALGORITHMS = tuple(KINDS)
HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


def half_hash(algorithm: str, text: str) -> bytes | None:
    """Return the left half of the hash of `text` that belongs to an algorithm; None for EdDSA, which names none."""
    kind = HASHES.get(algorithm[-3:])
    if kind is None:
        return None
    digest = hashes.Hash(kind)
    digest.update(text.encode())
    value = digest.finalize()
    return value[: len(value) // 2]
