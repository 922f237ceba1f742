"""Debian's Glewlwyd, an OpenID provider in C, as a server for tests: a second provider for the login."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from jwt.algorithms import ECAlgorithm

from testing.identity.login_provider import CLIENT_ID, CLIENT_SECRET
from testing.identity.signing import SigningKey
from testing.servers import free_port, running

PROGRAM, SCHEMA = "/usr/bin/glewlwyd", Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
ADMIN = {"username": "admin", "password": "password"}  # of the package's first database
USER, PASSWORD, GROUPS = "ann", "a long password", ["airflow-admins", "staff"]
SCOPES = ["openid", "profile", "email"]
GROUPS_CLAIM = {
    "name": "groups",
    "user-property": "groups",
    "type": "string",
    "mandatory": True,
    "scope": ["openid"],
}
CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
login_url="login.html"
api_prefix="api"
static_files_path="/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_domain=""
admin_session_authentication="cookie"
profile_session_authentication="cookie"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
cookie_secure=0
session_expiration=86400
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type="sqlite3" path="{database}" }};
"""


class SessionClient(httpx.Client):
    """A browser that keeps the session's cookie, whose empty `Domain=` Python's jar does not take."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=300, event_hooks={"response": [self._keep_cookie]})

    def _keep_cookie(self, reply: httpx.Response) -> None:
        cookie = reply.headers.get("set-cookie", "").partition(";")[0]
        if cookie:
            self.headers["Cookie"] = cookie


class Glewlwyd:
    """A running Glewlwyd with one client and one user."""

    def __init__(self, url: str) -> None:
        self.url, self.issuer = url, f"{url}/api/oidc"

    def log_in(self, url: str, redirect_uri: str) -> dict[str, str]:
        """Log in at the provider's authorization URL, as its page does; return the callback's query."""
        with SessionClient(self.url) as browser:
            page = browser.get(url)
            assert "login.html" in page.headers["location"], page.headers
            browser.post("/api/auth/", json={"username": USER, "password": PASSWORD}).raise_for_status()
            grant = {"scope": " ".join(SCOPES)}
            browser.put(f"/api/auth/grant/{CLIENT_ID}", json=grant).raise_for_status()
            continued = parse_qs(urlsplit(page.headers["location"]).query)["callback_url"][0]
            reply = browser.get(f"{continued}&g_continue")
            place = urljoin(str(reply.url), reply.headers["location"])
            assert place.startswith(redirect_uri), place
        return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


@contextmanager
def glewlwyd(redirect_uri: str) -> Iterator[Glewlwyd]:
    """Run the server with a client for this callback."""
    port = free_port()
    server = Glewlwyd(f"http://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory(prefix="glewlwyd-") as folder:
        home = Path(folder)
        with closing(sqlite3.connect(home / "database")) as database:
            database.executescript(SCHEMA.read_text())
        text = CONFIGURATION.format(port=port, url=server.url, database=home / "database")
        (home / "configuration").write_text(text)
        with running([PROGRAM, "--config-file", str(home / "configuration")], port, home):
            with SessionClient(server.url) as admin:
                _set_up(admin, server.issuer, redirect_uri)
            yield server


def _set_up(admin: httpx.Client, issuer: str, redirect_uri: str) -> None:
    admin.post("/api/auth/", json=ADMIN).raise_for_status()
    users = admin.get("/api/mod/user/database").raise_for_status().json()
    users["parameters"]["data-format"]["groups"] = {"multiple": True, "read": True, "write": True}
    _send(admin, "PUT", "/api/mod/user/database", users)
    admin.put("/api/mod/user/database/reset/").raise_for_status()
    for name in SCOPES[1:]:
        _send(admin, "POST", "/api/scope/", {"name": name, "display_name": name, "password_required": True})
    user = {
        "username": USER,
        "password": PASSWORD,
        "name": "Ann",
        "email": "ann@example.com",
        "enabled": True,
    }
    _send(admin, "POST", "/api/user/", {**user, "scope": SCOPES, "groups": GROUPS})
    _send(admin, "POST", "/api/client/", _client(redirect_uri))
    _send(admin, "POST", "/api/mod/plugin/", _plugin(issuer))


def _send(admin: httpx.Client, method: str, path: str, document: dict[str, Any]) -> None:
    reply = admin.request(method, path, json=document)
    assert reply.status_code == 200, (path, reply.status_code, reply.text)


def _client(redirect_uri: str) -> dict[str, Any]:
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "confidential": True,
        "enabled": True,
        "redirect_uri": [redirect_uri],
        "authorization_type": ["code", "refresh_token"],
        "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        "scope": [],
    }


def _plugin(issuer: str) -> dict[str, Any]:
    """Return the OpenID provider below /api/oidc, as its admin page would make it."""
    return {
        "module": "oidc",
        "name": "oidc",
        "display_name": "OpenID Connect",
        "enabled": True,
        "parameters": {
            "iss": issuer,
            "jwks-private": json.dumps({"keys": [_private_key()]}),
            "default-kid": "glewlwyd-key",
            "jwks-show": True,
            "jwt-type": "ecdsa",
            "jwt-key-size": "256",
            "access-token-duration": 300,
            "refresh-token-duration": 3600,
            "code-duration": 60,
            "refresh-token-rolling": False,
            "refresh-token-one-use": "always",
            "allow-non-oidc": False,
            "auth-type-code-enabled": True,
            "auth-type-refresh-enabled": True,
            "subject-type": "public",
            "allowed-scope": SCOPES,
            "pkce-allowed": True,
            "pkce-required": True,
            "pkce-method-plain-allowed": False,
            "oauth-as-iss-id": True,
            "introspection-revocation-allowed": False,
            "session-management-allowed": True,
            "session-cookie-name": "GLEWLWYD2_OIDC_SID",
            "session-cookie-expiration": 3600,
            "claims": [GROUPS_CLAIM],
            "email-claim": "mandatory",
            "email-claim-scope": ["email"],
        },
    }


def _private_key() -> dict[str, Any]:
    key = SigningKey("ES256", "glewlwyd-key")
    private: dict[str, Any] = ECAlgorithm.to_jwk(key.private, as_dict=True)
    return {**key.jwk, "d": private["d"]}
