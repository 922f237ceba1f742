"""The HTTP side of the small OpenID provider for tests."""

from __future__ import annotations

import base64
import contextlib
import html
import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

if TYPE_CHECKING:
    from testing.identity.login_provider import LoginProvider

FORM = """<!doctype html><title>Log in</title>
<form method="post"><label>User <input name="user" autofocus></label><button>Log in</button></form>"""


class LoginHandler(BaseHTTPRequestHandler):
    """Answers requests for `server`, a LoginProvider."""

    server: LoginProvider
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def respond(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> None:
        """Send an answer; `_` in a header's name stands for `-`."""
        self.send_response(status)
        for name, value in {"Content_Type": kind, "Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def respond_json(self, document: Any, status: int = 200) -> None:
        self.respond(status, json.dumps(document).encode(), Cache_Control="no-store")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.server.requests.append((self.command, parts.path))
        self.query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        disturbance = self.server.disturbances.get(parts.path) or self.server.disturbances.get("*")
        with contextlib.suppress(OSError):  # the client hung up
            if disturbance is None or not disturbance(self):
                self._route(parts.path)

    def _route(self, path: str) -> None:
        routes = {
            "/.well-known/openid-configuration": lambda: self.respond_json(self.server.description()),
            "/keys": lambda: self.respond_json(self.server.key_set()),
            "/authorize": self._authorize,
            "/token": self._token,
            "/revoke": self._revoke,
            "/userinfo": self._userinfo,
            "/logout": self._log_out,
        }
        routes.get(path, lambda: self.respond_json({"error": "not found"}, 404))()

    def _authorize(self) -> None:
        user = self.fields.get("user") or self.server.login_as
        if user is None:
            self.respond(200, FORM.encode(), "text/html")
        elif user not in self.server.users:
            self.respond(403, f"<h1>No user {html.escape(user)}</h1>".encode(), "text/html")
        else:
            self.respond(302, Location=self.server.answer_login(user, self.query))

    def _token(self) -> None:
        if not self._is_client():
            self.respond_json({"error": "invalid_client"}, 401)
            return
        try:
            self.respond_json(self.server.grant(self.fields))
        except Exception as error:
            self.respond_json({"error": str(error), "error_description": "no\nsuch thing"}, 400)

    def _is_client(self) -> bool:
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            pair = tuple(map(unquote_plus, base64.b64decode(basic).decode().split(":")))
            self.fields.setdefault("client_id", pair[0])
        else:
            pair = (self.fields.get("client_id", ""), self.fields.get("client_secret", ""))
        public = self.server.metadata.get("token_endpoint_auth_methods_supported") == ["none"]
        return pair == (self.server.client_id, "" if public else self.server.client_secret)

    def _revoke(self) -> None:
        self.server.refresh_tokens.pop(self.fields.get("token", ""), None)
        self.respond(200)

    def _userinfo(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.respond_json({name: claims[name] for name in ("sub", "email", "groups") if name in claims})

    def _log_out(self) -> None:
        target = self.query.get("post_logout_redirect_uri")
        if target:
            self.respond(302, Location=target)
        else:
            self.respond(200, b"<h1>Logged out at the provider</h1>", "text/html")
