"""A small OpenID provider for tests, for what a real one does not do on demand.

It is slow, away or answers HTML; it has new keys, another issuer or another time; users lose groups or are cut off.
It runs in a thread, on a loopback port, so that the processes of a test can use it, too.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from testing.identity.login_handler import LoginHandler
from testing.identity.signing import SigningKey

CLIENT_ID, CLIENT_SECRET, API_AUDIENCE = "airflow", "client secret: with + and %", "airflow-api"
USERS: dict[str, dict[str, Any]] = {
    name: {
        "preferred_username": name,
        "email": f"{name}@example.com",
        "email_verified": True,
        "given_name": name.capitalize(),
        "family_name": "Example",
        "groups": groups,
    }
    for name, groups in {
        "ann": ["airflow-admins"],
        "otto": ["airflow-ops"],
        "uma": ["airflow-users"],
        "vera": ["airflow-viewers"],
        "dora": ["finance"],
        "nora": [],
    }.items()
}
Disturbance = Callable[[LoginHandler], bool]  # returns whether it has answered
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class OAuthError(Exception):
    """What the token endpoint refuses, by OAuth's word for it."""


@dataclass
class ScriptedLogin:
    """A user's login at the provider, and the fields of the request that it answers."""

    user: str
    fields: dict[str, str]
    session: str = field(default_factory=lambda: secrets.token_hex(8))


class LoginProvider(ThreadingHTTPServer):
    """The provider; tests set its attributes while it runs."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), LoginHandler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.stated_issuer = ""  # in the description and in tokens; empty: its own name
        self.users = {name: dict(claims) for name, claims in USERS.items()}
        self.keys = [SigningKey("ES256", "key-1")]
        self.login_as: str | None = None  # who is logged in without a form
        self.lifetime = 300  # seconds, of tokens
        self.clock_offset = 0.0  # seconds
        self.with_refresh_tokens = True
        self.metadata: dict[str, Any] = {}  # changes of the description; None leaves a member out
        self.disturbances: dict[str, Disturbance] = {}  # by path, or "*"
        self.requests: list[tuple[str, str]] = []
        self.codes: dict[str, ScriptedLogin] = {}
        self.refresh_tokens: dict[str, ScriptedLogin] = {}
        self.used_refresh_tokens: dict[str, str] = {}  # and the sessions that they were of

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone, such as a process that a test has ended."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def encrypt(self, certificate: Path) -> None:
        """Serve https from now on, with the key and the certificate in a file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.issuer = self.issuer.replace("http:", "https:")

    def description(self) -> dict[str, Any]:
        """Return the document of the discovery."""
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        more = {
            "end_session_endpoint": "logout",
            "revocation_endpoint": "revoke",
            "userinfo_endpoint": "userinfo",
        }
        document = {
            "issuer": self.stated_issuer or self.issuer,
            **{name: f"{self.issuer}/{path}" for name, path in (endpoints | more).items()},
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": [self.keys[-1].algorithm],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return {name: value for name, value in document.items() if value is not None}

    def key_set(self) -> dict[str, Any]:
        """Return the document of the public keys."""
        return {"keys": [key.jwk for key in self.keys]}

    def rotate_keys(self, keep: bool = False) -> None:
        """Sign with a new key from now on; `keep` is whether the old ones still count."""
        new = SigningKey("ES256", f"key-{secrets.token_hex(4)}")
        self.keys = [*self.keys, new] if keep else [new]

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a token of this provider's at its time; a claim that is None is left out."""
        now = int(time.time() + self.clock_offset)
        times = {"iat": now, "exp": now + self.lifetime}
        stated = {"iss": self.stated_issuer or self.issuer, **times, **claims}
        return self.keys[-1].sign({k: v for k, v in stated.items() if v is not None}, **header)

    def id_token(self, user: str, **claims: Any) -> str:
        """Return an ID token of a user's."""
        return self.sign({"aud": self.client_id, "sub": f"id-of-{user}", **self.users[user], **claims})

    def access_token(self, user: str, **claims: Any) -> str:
        """Return an access token of a user's for the API."""
        names = {
            "aud": API_AUDIENCE,
            "client_id": CLIENT_ID,
            "scope": "openid profile",
            "sub": f"id-of-{user}",
        }
        return self.sign({**names, **self.users[user], **claims}, typ="at+jwt")

    def machine_token(self, client_id: str = "machine", **claims: Any) -> str:
        """Return an access token for a machine, as by client credentials."""
        names = {"aud": API_AUDIENCE, "client_id": client_id, "sub": client_id, "scope": "api"}
        return self.sign({**names, **claims}, typ="at+jwt")

    def logout_token(self, user: str, session: str | None = None, **claims: Any) -> str:
        """Return what a back-channel logout sends."""
        names = {"aud": CLIENT_ID, "sub": f"id-of-{user}", "sid": session, "jti": secrets.token_hex(8)}
        return self.sign({**names, "events": {LOGOUT_EVENT: {}}, **claims}, typ="logout+jwt")

    def send_logout(self, url: str, user: str, session: str | None = None) -> httpx.Response:
        """Tell a client, at its back-channel address, that a user has logged out; return its answer."""
        self.end_sessions(user)
        return httpx.post(url, data={"logout_token": self.logout_token(user, session)}, timeout=300)

    def end_sessions(self, user: str) -> None:
        """Make all refresh tokens of a user's invalid."""
        self.refresh_tokens = {k: login for k, login in self.refresh_tokens.items() if login.user != user}

    def remove_user(self, user: str) -> None:
        """Cut a user off: no login and no refresh any more."""
        self.users.pop(user, None)
        self.end_sessions(user)

    def count(self, path: str) -> int:
        """Return how many requests for a path there were."""
        return sum(requested == path for _, requested in self.requests)

    @contextmanager
    def disturbed(self, disturbance: Disturbance, path: str = "*") -> Iterator[None]:
        """Let a disturbance answer the requests for a path, or all of them, during the block."""
        self.disturbances[path] = disturbance
        try:
            yield
        finally:
            del self.disturbances[path]

    @contextmanager
    def held(self, path: str = "*") -> Iterator[None]:
        """Let the requests for a path, or all of them, wait for the end of the block; then answer them as ever."""
        released = threading.Event()

        def wait(handler: LoginHandler) -> bool:
            released.wait()
            return False

        with self.disturbed(wait, path):
            try:
                yield
            finally:
                released.set()

    def answer_login(self, user: str, fields: dict[str, str]) -> str:
        """Return where a login of the user's sends the browser: back, with a code."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = ScriptedLogin(user, fields)
        answer = {"code": code, "state": fields.get("state", ""), "iss": self.stated_issuer or self.issuer}
        return f"{fields['redirect_uri']}?{urlencode(answer)}"

    def grant(self, fields: dict[str, str]) -> dict[str, Any]:
        """Return the token endpoint's answer to a form. Raises OAuthError."""
        grants = {"authorization_code": self._grant_code, "refresh_token": self._grant_refresh}
        if fields.get("grant_type") == "client_credentials":
            return {"access_token": self.machine_token(fields["client_id"]), "token_type": "Bearer"}
        if fields.get("grant_type") not in grants:
            raise OAuthError("unsupported_grant_type")
        login = grants[fields["grant_type"]](fields)
        if login.user not in self.users:
            raise OAuthError("invalid_grant")
        return self._tokens(login)

    def _grant_code(self, fields: dict[str, str]) -> ScriptedLogin:
        login = self.codes.pop(fields.get("code", ""), None)
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if login is None or challenge != login.fields.get("code_challenge"):
            raise OAuthError("invalid_grant")
        if fields.get("redirect_uri") != login.fields["redirect_uri"]:
            raise OAuthError("invalid_grant")
        return login

    def _grant_refresh(self, fields: dict[str, str]) -> ScriptedLogin:
        """Take a refresh token once; the second use of one ends the session, as a theft does."""
        token = fields.get("refresh_token", "")
        login = self.refresh_tokens.pop(token, None)
        if login is None:
            stolen = self.used_refresh_tokens.get(token)
            self.refresh_tokens = {k: v for k, v in self.refresh_tokens.items() if v.session != stolen}
            raise OAuthError("invalid_grant")
        self.used_refresh_tokens[token] = login.session
        return login

    def _tokens(self, login: ScriptedLogin) -> dict[str, Any]:
        nonce = login.fields.get("nonce")
        tokens: dict[str, Any] = {
            "access_token": self.access_token(login.user, sid=login.session),
            "id_token": self.id_token(login.user, sid=login.session, nonce=nonce),
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }
        if self.with_refresh_tokens:
            tokens["refresh_token"] = secrets.token_urlsafe(16)
            self.refresh_tokens[tokens["refresh_token"]] = login
        return tokens


def html(handler: LoginHandler) -> bool:
    """Answer with a page, as a proxy does that wants a login of its own."""
    handler.respond(200, b"<!doctype html><title>Welcome to the hotel</title>", "text/html")
    return True


def down(handler: LoginHandler) -> bool:
    """Hang up."""
    handler.close_connection = True
    return True


def answer(status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Disturbance:
    """Answer with something else."""

    def respond(handler: LoginHandler) -> bool:
        handler.respond(status, body, kind, **headers)
        return True

    return respond


def log_in(url: str, user: str) -> dict[str, str]:
    """Log in as a user at a provider's authorization URL, as a browser does; return the callback's query."""
    reply = httpx.post(url, data={"user": user}, timeout=300)
    assert reply.status_code == 302, reply.text
    query = parse_qs(urlsplit(reply.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


@contextmanager
def login_provider(port: int = 0) -> Iterator[LoginProvider]:
    """Run the provider on a port of 127.0.0.1, a free one for 0."""
    with LoginProvider(port) as provider:
        threading.Thread(target=provider.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield provider
        finally:
            provider.shutdown()
