"""The web server of the image logs users in at the provider that four settings name; wrong settings end it with 78."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from testing.docker_engine import PATIENCE, once, run_container
from testing.identity.live.site import RULES
from testing.identity.login_provider import CLIENT_ID, CLIENT_SECRET, login_provider
from testing.servers import free_port
from testing.waiting import wait_until

COMMANDS = {"3.3": ("api-server", "--port"), "2.11": ("webserver", "--port")}
LOGIN = {"3.3": "/auth/login", "2.11": "/login/"}
CALLBACK = {"3.3": "/auth/oidc-callback", "2.11": "/oauth-authorized/astro-runtime"}
# The provider is on a port of this machine's loopback address.
HOST = ("--network", "host", "--env", "_AIRFLOW_DB_MIGRATE=true")


def settings(issuer: str) -> list[str]:
    """Return the options of `docker run` for the four settings."""
    values = {"ISSUER": issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "ROLES": RULES}
    return [
        word
        for name, text in values.items()
        for word in ("--env", f"AIRFLOW__ASTRO_RUNTIME__OIDC_{name}={text}")
    ]


def answer(url: str) -> httpx.Response | None:
    """Return the answer to a request; None while nobody listens."""
    try:
        return httpx.get(url, timeout=60)
    except httpx.TransportError:
        return None


def test_login_leads_to_the_provider(slim: str, line: str) -> None:
    port = str(free_port())
    url = f"http://127.0.0.1:{port}{LOGIN[line]}"
    with (
        login_provider() as provider,
        run_container(slim, *COMMANDS[line], port, options=[*HOST, *settings(provider.issuer)]) as server,
    ):
        response = wait_until(
            lambda: answer(url), server.log, seconds=PATIENCE, failed=lambda: not server.runs
        )
        assert response.status_code in (302, 303), server.log()
        location = urlsplit(response.headers["location"])
        query = parse_qs(location.query)
        assert f"{location.scheme}://{location.netloc}" == provider.issuer
        assert (query["client_id"], query["code_challenge_method"]) == ([CLIENT_ID], ["S256"])
        assert urlsplit(query["redirect_uri"][0]).path == CALLBACK[line]
        assert CLIENT_SECRET not in server.log()


def test_issuer_without_tls_ends_the_web_server_with_78(slim: str, line: str) -> None:
    options = ["--env", "_AIRFLOW_DB_MIGRATE=true", *settings("http://provider.example.com")]
    done = once(slim, *COMMANDS[line], "8080", options=options)
    assert done.returncode == 78, done
    assert "oidc_issuer" in done.stderr.lower()
    assert CLIENT_SECRET not in done.stdout + done.stderr
