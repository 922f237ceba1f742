"""Keys and signed tokens for tests, well made and not."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


class SigningKey:
    """A provider's private key; `jwk` is its public half as it stands in a key set."""

    def __init__(self, algorithm: str = "ES256", key_id: str = "key-1", private: Any = None) -> None:
        self.algorithm, self.id = algorithm, key_id
        self.private = private or create_private_key(algorithm)

    @property
    def jwk(self) -> dict[str, Any]:
        writer: Any = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[self.algorithm[0]]
        if self.algorithm == "EdDSA":
            writer = OKPAlgorithm
        public: dict[str, Any] = writer.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        return {**public, "kid": self.id, "alg": self.algorithm, "use": "sig"}

    def sign(self, claims: Mapping[str, Any] | bytes, **header: Any) -> str:
        """Return a token; a header that is None is left out."""
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        stated = {"alg": self.algorithm, "kid": self.id, "typ": "JWT", **header}
        algorithm: Any = PyJWS().get_algorithm_by_name(self.algorithm)
        signed = f"{encode_json({k: v for k, v in stated.items() if v is not None})}.{encode(payload)}"
        return f"{signed}.{encode(algorithm.sign(signed.encode(), self.private))}"


def create_private_key(algorithm: str) -> Any:
    """Return a new private key, but for RSA, which takes long, the same one in each call."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[algorithm]) if algorithm in CURVES else rsa_key()


@functools.cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return one of this process's RSA keys."""
    return rsa.generate_private_key(65537, bits)


def sign_with_secret(claims: Mapping[str, Any], secret: bytes, **header: Any) -> str:
    """Return a token that is signed by HS256."""
    signed = f"{encode_json({'alg': 'HS256', 'typ': 'JWT', **header})}.{encode_json(claims)}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def encode(data: bytes) -> str:
    """Return data as Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(document: Mapping[str, Any]) -> str:
    """Return a JSON object as a part of a token."""
    return encode(json.dumps(document).encode())


def login_claims(issuer: str, audience: Any, now: float | None = None, **others: Any) -> dict[str, Any]:
    """Return the claims of a token that is in force; a claim that is None is left out."""
    start = int(time.time() if now is None else now)
    claims = {"iss": issuer, "aud": audience, "sub": "ann", "iat": start, "exp": start + 300, **others}
    return {name: value for name, value in claims.items() if value is not None}
