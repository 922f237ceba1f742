"""What the database keeps of a session, encrypted: its user, claims and tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.user import UserIdentity, trusted_claims

SECRETS = ("refresh_token", "id_token")
Claims = Mapping[str, Any]


class Cipher(Protocol):
    """Airflow's Fernet, or what stands in for it where no Fernet key is set."""

    is_encrypted: bool

    def encrypt(self, msg: bytes) -> bytes:
        """Encrypt; without a key return `msg`."""
        ...

    def decrypt(self, msg: bytes) -> bytes:
        """Decrypt. Raises an error of the cryptography package."""
        ...


@dataclass(frozen=True)
class TokenClaims:
    """The claims of the ID token, of the access token where that is a JWT for this client, and of userinfo.

    They are kept apart, so that a renewal that brings only some of them replaces all claims of these.
    """

    id: Claims = field(default_factory=dict)
    access: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)

    def merge(self) -> dict[str, Any]:
        """Return all claims by name, as far as they can be trusted; the ID token's count before the others."""
        return trusted_claims({**self.access, **self.userinfo, **self.id})


@dataclass(frozen=True)
class SessionData:
    """`provider` names the issuer and the client; after another one is set the session is void."""

    user: UserIdentity
    provider: str
    grant: Grant  # of the last renewal; the rules may have changed since
    claims: TokenClaims = field(default_factory=TokenClaims)
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    is_admin_token: bool = False

    def encrypt(self, cipher: Cipher) -> str:
        """Return the text for the database. Without a Fernet key it has no tokens."""
        fields = {
            "user": asdict(self.user),
            "provider": self.provider,
            "grant": self.grant.to_json(),
            "claims": vars(self.claims),
            "is_admin_token": self.is_admin_token,
        }
        if cipher.is_encrypted:
            fields.update({name: getattr(self, name) for name in SECRETS})
        return cipher.encrypt(json.dumps(fields).encode()).decode()


def decrypt(text: str, cipher: Cipher) -> SessionData | None:
    """Return the data of a row; None if it cannot be read: the Fernet key has changed, or somebody else wrote it."""
    try:
        fields = json.loads(cipher.decrypt(text.encode()))
        fields["user"] = UserIdentity(**fields["user"])
        fields["grant"] = Grant.from_json(fields["grant"])
        fields["claims"] = TokenClaims(**fields["claims"])
        return SessionData(**fields)
    except Exception:  # Fernet's InvalidToken, JSON's ValueError, missing and superfluous fields
        return None
