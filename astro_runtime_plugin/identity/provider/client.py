"""How Airflow names itself to the provider: client id and secret, by the method that the provider takes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from astro_runtime_plugin.identity.provider.http import Reply, send
from astro_runtime_plugin.identity.provider.metadata import ProviderMetadata

DEFAULT_METHODS = ["client_secret_basic"]  # where the provider states none (OpenID Connect Discovery)


@dataclass(frozen=True)
class OAuthClient:
    """The client that is registered with the provider; `secret` is empty for a public one."""

    id: str
    secret: str = field(default="", repr=False)

    def post(self, url: str, metadata: ProviderMetadata, fields: dict[str, str]) -> Reply:
        """Send a form with the client's credentials. Raises ProviderError."""
        methods = metadata.token_endpoint_auth_methods_supported or DEFAULT_METHODS
        if not self.secret:
            return send("POST", url, {**fields, "client_id": self.id})
        if "client_secret_post" in methods and ("client_secret_basic" not in methods or not self._is_plain()):
            return send("POST", url, {**fields, "client_id": self.id, "client_secret": self.secret})
        return send("POST", url, fields, {"Authorization": f"Basic {self._basic()}"})

    def _is_plain(self) -> bool:
        """Whether id and secret are the same encoded, which some providers forget to decode in a header."""
        return all(quote_plus(text) == text for text in (self.id, self.secret))

    def _basic(self) -> str:
        """Return both as RFC 6749 (2.3.1) says: encoded as in a form before they are joined."""
        return base64.b64encode(f"{quote_plus(self.id)}:{quote_plus(self.secret)}".encode()).decode()


def code_challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
