"""The browser's part of a login: what is remembered between the start page and the provider's answer."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

from astro_runtime_plugin.identity.sessions.errors import LoginError

COOKIE_PREFIX = "astro_runtime_login_"
LOGIN_SECONDS = 600  # how long the user may take at the provider; the cookie's Max-Age
STATE_MESSAGE = "This login was not begun in this browser, is older than ten minutes, or was used already."


@dataclass(frozen=True)
class LoginRequest:
    """Redirect (302) to `url`, and set the cookie: HttpOnly, SameSite=Lax, Max-Age `max_age`, Secure below https.

    Each login of a browser has a cookie of its own, so that several tabs can log in at once; a small one, because web
    servers refuse a request with more than 8 KiB of them.
    """

    url: str
    cookie_name: str
    cookie: str
    max_age: int = LOGIN_SECONDS


@dataclass(frozen=True)
class PendingLogin:
    """What the answer of the provider must fit to, all from one secret."""

    next_path: str
    redirect_uri: str
    seed: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def state(self) -> str:
        """What binds the provider's answer to this login, and to the redirect URI."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """What binds the ID token to this login."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """PKCE's secret, 43 characters."""
        return self._derive("verifier")

    @property
    def state_hash(self) -> str:
        """What the database remembers of a state that was used."""
        return sha256(self.state.encode()).hexdigest()

    def _derive(self, kind: str) -> str:
        digest = hmac.digest(self.seed.encode(), f"{kind} {self.redirect_uri}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class LoginSeal:
    """Encrypts and signs pending logins for the browser's cookie, with a key from Airflow's own secret key."""

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), b"astro-runtime login", "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, login: PendingLogin, now: float) -> str:
        """Return the cookie's value."""
        text = f"{login.seed} {login.next_path}"
        return self._fernet.encrypt_at_time(text.encode("utf-8", "replace"), int(now)).decode()

    def open(self, state: str, cookies: Mapping[str, str], redirect_uri: str, now: float) -> PendingLogin:
        """Return the login of this browser that `state` and `redirect_uri` belong to. Raises LoginError."""
        cookie = cookies.get(login_cookie_name(state), "")
        try:
            text = self._fernet.decrypt_at_time(cookie.encode(), LOGIN_SECONDS, int(now)).decode()
        except (InvalidToken, ValueError):
            raise LoginError("state", STATE_MESSAGE) from None
        seed, _, next_path = text.partition(" ")
        login = PendingLogin(next_path, redirect_uri, seed)
        if not hmac.compare_digest(login.state.encode(), state.encode("utf-8", "replace")):
            raise LoginError("state", STATE_MESSAGE)
        return login


def login_cookie_name(state: str) -> str:
    """Return the name of the cookie that belongs to the `state` of a callback's query. Delete it after the callback."""
    return COOKIE_PREFIX + sha256(state.encode("utf-8", "replace")).hexdigest()[:12]
