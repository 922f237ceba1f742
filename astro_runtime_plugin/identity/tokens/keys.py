"""The public keys of a provider: its JSON Web Key Set (RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from astro_runtime_plugin.identity.tokens.algorithms import KINDS, KeyKind, PublicKey
from astro_runtime_plugin.identity.tokens.errors import KeySetError, TokenError, UnknownKeyError
from astro_runtime_plugin.options.text import printable

MAX_KEYS = 100
MAX_ID_LENGTH = 256  # characters of a key's id
RSA_BITS = range(2048, 8193)  # a longer key would make each signature slow
READERS = {"RSA": RSAAlgorithm.from_jwk, "EC": ECAlgorithm.from_jwk, "OKP": OKPAlgorithm.from_jwk}
PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


@dataclass(frozen=True)
class VerificationKey:
    """One public key; `id` and `algorithm` are empty where the provider states none."""

    id: str
    algorithm: str
    kind: KeyKind
    key: PublicKey

    def suits(self, algorithm: str) -> bool:
        """Whether signatures of an algorithm can be made with this key."""
        return self.algorithm in ("", algorithm) and self.kind in KINDS[algorithm]


@dataclass(frozen=True)
class KeySet:
    """The keys that count at the moment."""

    keys: tuple[VerificationKey, ...] = ()

    def select(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Return the key for a token's header.

        Raises UnknownKeyError if there is none with this id, TokenError if it is not for this algorithm, or if a
        token without a key's id does not tell which of several it means.
        """
        named = [key for key in self.keys if key_id is None or key.id == key_id]
        if not named:
            raise UnknownKeyError("key", f"the provider has no key {printable(key_id or '', 80)!r}")
        suitable = [key for key in named if key.suits(algorithm)]
        if not suitable:
            raise TokenError("algorithm", f"the provider's key is not for {algorithm}")
        if len(suitable) > 1:
            raise TokenError("key", "the token does not say which of the provider's keys has signed it")
        return suitable[0]


def parse_keys(document: Mapping[str, Any]) -> KeySet:
    """Return the signature keys of a key set. Keys that cannot be used are left out.

    Raises KeySetError for what is not a key set, has too many keys, or none that can be used.
    """
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise KeySetError('the key set has no list "keys"')
    if len(entries) > MAX_KEYS:
        raise KeySetError(f"the key set has more than {MAX_KEYS} keys")
    keys = tuple(key for entry in entries if isinstance(entry, dict) and (key := _parse_key(entry)))
    if not keys:
        raise KeySetError("the key set has no key that can verify signatures of " + ", ".join(KINDS))
    return KeySet(keys)


def _parse_key(entry: dict[str, Any]) -> VerificationKey | None:
    key_id, algorithm = entry.get("kid", ""), entry.get("alg", "")
    if not isinstance(key_id, str) or len(key_id) > MAX_ID_LENGTH or not _is_for_signatures(entry):
        return None
    kind, public = _kind(entry), {name: entry[name] for name in PUBLIC_MEMBERS if name in entry}
    if kind is None or algorithm not in ("", *KINDS):
        return None
    try:
        key: Any = READERS[kind.type](public)
    except Exception:  # whatever pyjwt or cryptography says of values that another program wrote
        return None
    usable = not isinstance(key, rsa.RSAPublicKey) or key.key_size in RSA_BITS
    return VerificationKey(key_id, algorithm, kind, key) if usable else None


def _kind(entry: dict[str, Any]) -> KeyKind | None:
    stated = (entry.get("kty"), "" if entry.get("kty") == "RSA" else entry.get("crv"))
    kinds = (kind for kinds in KINDS.values() for kind in kinds)
    return next((kind for kind in kinds if tuple(kind) == stated), None)


def _is_for_signatures(entry: dict[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
